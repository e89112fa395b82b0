package thalweg.bench;

import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;

/** Polls, scores what came in one call, sends the answers; now and then waits for all of them and commits. */
final class Worker implements Runnable, ConsumerRebalanceListener {
  private static final int ROWS_MAX = Orders.tuned("max.poll.records", 1000);
  private static final long COMMIT_NANOS = 500_000_000L;

  private final String input;
  private final String output;
  private final Workload workload;
  private final Model.Call call;
  private final int width;
  private final int scores;
  private final long[] marks = new long[ROWS_MAX];
  private final KafkaProducer<byte[], byte[]> producer;
  private final KafkaConsumer<byte[], ByteBuffer> consumer;
  private final CountDownLatch ended;
  private final Callback onSent = (metadata, error) -> { // one object for all records
    if (error != null) {
      this.failure = error;
    }
  };
  private volatile Exception failure;
  private volatile boolean running = true;

  Worker(Orders orders, Model model, KafkaProducer<byte[], byte[]> producer, CountDownLatch ended) {
    input = orders.input;
    output = orders.output;
    workload = Workload.of(orders.workload, orders.data);
    call = model.new Call(ROWS_MAX);
    width = model.width;
    scores = model.scores;
    this.producer = producer;
    this.ended = ended;
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", orders.brokers,
        "group.id", orders.group,
        "auto.offset.reset", "earliest",
        "enable.auto.commit", false,
        "max.poll.records", ROWS_MAX,
        "max.partition.fetch.bytes", Orders.tuned("fetch.bytes", 4 << 20), // a megabyte, the default, is 120 images
        "check.crcs", false, // as in librdkafka: TCP has checked them already
        "metric.reporters", "",
        "enable.metrics.push", false);
    // Values stay where the consumer's network buffer has them: nothing is copied.
    consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteBufferDeserializer());
  }

  void stop() {
    running = false;
    consumer.wakeup();
  }

  @Override
  public void run() {
    try (consumer) {
      consumer.subscribe(List.of(input), this);
      loop();
      settle();
      commitTheLast();
    } catch (Exception error) {
      error.printStackTrace();
      Runtime.getRuntime().halt(1); // nothing after the last commit is lost: it is read again
    } finally {
      ended.countDown();
    }
  }

  // stop() wakes whatever the consumer does next, and that may be this.
  private void commitTheLast() {
    try {
      consumer.commitSync();
    } catch (WakeupException wakeup) {
      consumer.commitSync();
    }
  }

  private void loop() throws OrtException {
    long due = System.nanoTime() + COMMIT_NANOS;
    while (running) {
      try {
        score(consumer.poll(Duration.ofMillis(200)));
      } catch (WakeupException wakeup) {
        continue;
      }
      if (System.nanoTime() >= due) {
        settle();
        consumer.commitAsync(); // up to where poll() has read, all of which is sent and acknowledged
        due = System.nanoTime() + COMMIT_NANOS;
      }
    }
  }

  private void score(ConsumerRecords<byte[], ByteBuffer> records) throws OrtException {
    if (records.isEmpty()) {
      return;
    }
    int row = 0;
    for (ConsumerRecord<byte[], ByteBuffer> record : records) {
      ByteBuffer value = record.value();
      int from = value.arrayOffset() + value.position();
      marks[row] = workload.read(value.array(), from, value.remaining(), call.in, row * width);
      row++;
    }
    call.run(row);
    row = 0;
    for (ConsumerRecord<byte[], ByteBuffer> record : records) {
      ByteBuffer value = record.value();
      int from = value.arrayOffset() + value.position();
      byte[] answer = workload.answer(value.array(), from, value.remaining(), marks[row], call.out, row * scores);
      producer.send(new ProducerRecord<>(output, record.key(), answer), onSent);
      row++;
    }
  }

  /** Returns when everything sent is acknowledged. */
  private void settle() {
    producer.flush();
    if (failure != null) {
      throw new IllegalStateException("a record was not delivered", failure);
    }
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    settle();
    consumer.commitSync();
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}
}
