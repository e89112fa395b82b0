package thalweg.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The images: 784 numbers in a string of JSON, or as raw floats. */
public final class Image implements Workload {
  /** What comes in and goes out. */
  public enum Kind { SCORES, ECHO, RAW }

  private static final int PIXELS = 784;
  private static final int CLASSES = 10;
  private static final byte[] FIELD = "\"dataPoint\":\"".getBytes(StandardCharsets.UTF_8);
  private static final byte[] INPUT = "{\"input\":".getBytes(StandardCharsets.UTF_8);
  private static final byte[] SCORES = "\"prediction\":".getBytes(StandardCharsets.UTF_8);

  private final Kind kind;
  private final byte[] scratch = new byte[SCORES.length + 3 + CLASSES * (Answer.NUMBER_BYTES_MAX + 1)];

  public Image(Kind kind) {
    this.kind = kind;
  }

  @Override
  public long read(byte[] bytes, int from, int length, float[] row, int at) {
    if (kind == Kind.RAW) {
      ByteBuffer.wrap(bytes, from, length).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(row, at, PIXELS);
      return 0;
    }
    int first = find(bytes, from, from + length);
    int found = Numbers.list(bytes, first, row, at);
    if (found != PIXELS) {
      throw new IllegalArgumentException("dataPoint: expected " + PIXELS + " numbers; got " + found);
    }
    return 0;
  }

  private static int find(byte[] bytes, int from, int until) {
    for (int at = from; at + FIELD.length <= until; at++) {
      if (bytes[at] == '"' && Arrays.equals(bytes, at, at + FIELD.length, FIELD, 0, FIELD.length)) {
        return at + FIELD.length;
      }
    }
    throw new IllegalArgumentException("expected a field dataPoint; found none");
  }

  @Override
  public byte[] answer(byte[] bytes, int from, int length, long mark, float[] scores, int at) {
    scratch[0] = (byte) (kind == Kind.ECHO ? ',' : '{');
    int end = Answer.bytes(SCORES, 0, SCORES.length, scratch, 1);
    end = Answer.list(scores, at, CLASSES, scratch, end);
    scratch[end++] = '}';
    if (kind != Kind.ECHO) {
      return Arrays.copyOf(scratch, end);
    }
    byte[] answer = new byte[INPUT.length + length + end];
    int place = Answer.bytes(INPUT, 0, INPUT.length, answer, 0);
    place = Answer.bytes(bytes, from, length, answer, place);
    Answer.bytes(scratch, 0, end, answer, place);
    return answer;
  }
}
