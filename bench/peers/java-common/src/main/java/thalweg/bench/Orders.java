package thalweg.bench;

import java.nio.file.Path;

/** What the environment tells a contestant (bench/README.md). */
public final class Orders {
  public final String brokers = get("BENCH_BROKERS");
  public final String input = get("BENCH_INPUT");
  public final String output = get("BENCH_OUTPUT");
  public final String group = get("BENCH_GROUP");
  public final String workload = get("BENCH_WORKLOAD");
  public final Path data = Path.of(get("BENCH_DATA"));
  public final int workers = Integer.parseInt(get("BENCH_WORKERS"));
  public final String scratch = get("BENCH_SCRATCH");

  /** A setting that -Dbench.NAME=NUMBER changes: how these contestants were tuned (README.md). */
  public static int tuned(String name, int chosen) {
    return Integer.getInteger("bench." + name, chosen);
  }

  private static String get(String name) {
    String value = System.getenv(name);
    if (value == null) {
      throw new IllegalArgumentException(name + ": expected in the environment; found nothing; see bench/README.md");
    }
    return value;
  }
}
