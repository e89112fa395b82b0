package thalweg.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Plain consumers, a model call for each poll, one plain producer. A worker is a thread with a consumer of its own. */
public final class JavaBatch {
  private JavaBatch() {}

  public static void main(String[] args) throws Exception {
    Orders orders = new Orders();
    Model model = new Model(Workload.modelOf(orders.workload, orders.data));
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", orders.brokers,
        "acks", "all",
        "enable.idempotence", true,
        "linger.ms", Orders.tuned("linger.ms", 1),
        "batch.size", Orders.tuned("batch.size", 128 << 10),
        "metric.reporters", "",
        "enable.metrics.push", false);
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    CountDownLatch ended = new CountDownLatch(orders.workers);
    List<Worker> workers = new ArrayList<>();
    for (int n = 0; n < orders.workers; n++) {
      workers.add(new Worker(orders, model, producer, ended));
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      workers.forEach(Worker::stop);
      await(ended);
      producer.close();
    }));
    workers.forEach(worker -> new Thread(worker, "worker").start());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
