package thalweg.bench;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/** Compares {@link Numbers} and {@link Answer} with Java's own conversions; `install` runs it. Fails at a difference. */
public final class CheckNumbers {
  private static final String[] HARD = {
    "0", "-0", "-0.0", "1", "-1.5", "0.1", "16777217", "16777219.0", "0.00000000000000000001", "1e-3", "1.5E+2",
    "3.4028235e38", "1.17549435E-38", "1.4e-45", "123456789012345", "1234567890123456789",
    "0.123456789012345678901234567890", "9007199254740993",
    "0.9999999701976776", "0.99999997019767761", "1.00000005960464477539", "1.000000059604644775390625",
    "1.0000000596046447753906250001", "0.000000059604645", "999999999999999.5", "70.98", "1043.55",
    "8388608.5", "8388609.5"
  };

  private CheckNumbers() {}

  public static void main(String[] args) {
    for (String text : HARD) {
      check(text);
    }
    SplittableRandom random = new SplittableRandom(1);
    for (int n = 0; n < 1_000_000; n++) {
      float number = random.nextInt(1 << 24) / (float) (1 << 24);
      check(new BigDecimal(Float.toString(number)).toPlainString());
      check(Float.toString(Float.intBitsToFloat(random.nextInt() & 0x7F7FFFFF)));
      check(random.nextInt(1000) + "." + random.nextInt(1_000_000_000));
      halfway(random.nextInt(1 << 24));
      write(number);
      write(Float.intBitsToFloat(random.nextInt(Float.floatToIntBits(1e-12f), Float.floatToIntBits(4f))));
    }
    System.out.println("numbers are read exactly as Float.parseFloat reads them, and written within 1e-9");
  }

  /** The middle between two floats: itself, and the nearest decimals of 15 digits, which a double may take for it. */
  private static void halfway(int low) {
    BigDecimal half = new BigDecimal(((1 << 23) + (low >> 1) + 0.5) / (1 << 21)); // from 4 to 8
    check(half.toPlainString());
    check(half.round(new MathContext(15, RoundingMode.DOWN)).toPlainString());
    check(half.round(new MathContext(15, RoundingMode.UP)).toPlainString());
  }

  private static void check(String text) {
    check(text, ",\"prediction\":null}"); // room for the short way behind it
    check(text, "}");
  }

  private static void check(String text, String behind) {
    byte[] bytes = (text + behind).getBytes(StandardCharsets.ISO_8859_1);
    float expected = Float.parseFloat(text);
    float[] to = new float[1];
    int end = Numbers.parse(bytes, 0, to, 0);
    float found = to[0];
    if (Float.floatToRawIntBits(found) != Float.floatToRawIntBits(expected) || end != text.length()) {
      throw new AssertionError(text + ": expected " + expected + "; got " + found + ", up to " + end);
    }
  }

  private static void write(float number) {
    byte[] bytes = new byte[Answer.NUMBER_BYTES_MAX];
    String text = new String(bytes, 0, Answer.number(number, bytes, 0), StandardCharsets.ISO_8859_1);
    if (Math.abs(Double.parseDouble(text) - number) > 1e-9) {
      throw new AssertionError(number + " was written as " + text);
    }
  }
}
