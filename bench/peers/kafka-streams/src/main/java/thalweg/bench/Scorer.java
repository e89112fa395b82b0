package thalweg.bench;

import ai.onnxruntime.OrtException;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/** Scores a record; each task has its own, with its own tensors of one row that are used again for every record. */
final class Scorer extends ContextualFixedKeyProcessor<byte[], byte[], byte[]> {
  private final Workload workload;
  private final Model.Call call;

  Scorer(Model model, Workload workload) {
    this.workload = workload;
    call = model.new Call(1);
  }

  @Override
  public void process(FixedKeyRecord<byte[], byte[]> record) {
    byte[] value = record.value();
    long mark = workload.read(value, 0, value.length, call.in, 0);
    try {
      call.run(1);
    } catch (OrtException error) {
      throw new IllegalStateException(error);
    }
    context().forward(record.withValue(workload.answer(value, 0, value.length, mark, call.out, 0)));
  }
}
