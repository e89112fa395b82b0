package thalweg.bench;

import java.nio.file.Path;

/** A record to a row of the model's input, and the model's output to an answer. Keeps scratch space: one per thread. */
public interface Workload {
  /** Writes the row for a value into `row` from `at`. Returns what {@link #answer} wants to know of it again. */
  long read(byte[] bytes, int from, int length, float[] row, int at);

  /** The answer: a new array, since the producer keeps it. */
  byte[] answer(byte[] bytes, int from, int length, long mark, float[] scores, int at);

  /** The model's file. */
  static Path modelOf(String workload, Path data) {
    return data.resolve("models").resolve(workload.equals("tabular") ? "tabular.onnx" : "image.onnx");
  }

  static Workload of(String workload, Path data) {
    return switch (workload) {
      case "tabular" -> new Payments(data.resolve("models/tabular/features.json"));
      case "image" -> new Image(Image.Kind.SCORES);
      case "image-echo" -> new Image(Image.Kind.ECHO);
      case "image-raw" -> new Image(Image.Kind.RAW);
      default -> throw new IllegalArgumentException(
          "BENCH_WORKLOAD: expected one of tabular, image, image-echo, image-raw; got " + workload);
    };
  }
}
