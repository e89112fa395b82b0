package thalweg.bench;

import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/** A topology of one processor: each record is scored by itself and forwarded with its key. */
public final class Streams {
  private Streams() {}

  public static void main(String[] args) throws Exception {
    Orders orders = new Orders();
    Model model = new Model(Workload.modelOf(orders.workload, orders.data));
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(orders.input, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
        .processValues(() -> new Scorer(model, Workload.of(orders.workload, orders.data)))
        .to(orders.output, Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));
    KafkaStreams streams = new KafkaStreams(builder.build(), settings(orders));
    CountDownLatch failed = new CountDownLatch(1);
    streams.setUncaughtExceptionHandler(error -> {
      error.printStackTrace();
      failed.countDown();
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(30))));
    streams.start();
    failed.await(); // for ever, or until a record cannot be scored
    System.exit(1);
  }

  private static Properties settings(Orders orders) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, orders.group);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, orders.brokers);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, orders.scratch);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, orders.workers);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 500);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0); // no state, no cache
    settings.put(StreamsConfig.METRIC_REPORTER_CLASSES_CONFIG, "");
    settings.put(StreamsConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    consumer(settings, ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    consumer(settings, ConsumerConfig.MAX_POLL_RECORDS_CONFIG, Orders.tuned("max.poll.records", 1000));
    consumer(settings, ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, Orders.tuned("fetch.bytes", 4 << 20));
    consumer(settings, ConsumerConfig.CHECK_CRCS_CONFIG, false); // as in librdkafka: TCP has checked them already
    producer(settings, ProducerConfig.ACKS_CONFIG, "all");
    producer(settings, ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    producer(settings, ProducerConfig.LINGER_MS_CONFIG, Orders.tuned("linger.ms", 1)); // Streams' own is 100: good for volume, bad for latency
    producer(settings, ProducerConfig.BATCH_SIZE_CONFIG, Orders.tuned("batch.size", 128 << 10));
    return settings;
  }

  private static void consumer(Properties settings, String name, Object value) {
    settings.put(StreamsConfig.consumerPrefix(name), value);
  }

  private static void producer(Properties settings, String name, Object value) {
    settings.put(StreamsConfig.producerPrefix(name), value);
  }
}
