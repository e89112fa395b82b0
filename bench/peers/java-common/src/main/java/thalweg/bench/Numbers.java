package thalweg.bench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Decimal numbers out of bytes as floats, exactly as {@link Float#parseFloat} gives them, and without allocating.
 * Digits are taken eight at a time. What the short way cannot prove right goes to parseFloat. One per thread.
 */
public final class Numbers {
  /** Where the number that {@link #parse} read last ends. */
  public int end;

  private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int DIGITS_MAX = 15; // below 2^53: a double holds them
  private static final long ZEROS = 0x3030303030303030L;
  private static final long[] TENS = new long[DIGITS_MAX + 1];
  private static final double[] POWERS = new double[DIGITS_MAX + 1];

  static {
    for (int n = 0; n <= DIGITS_MAX; n++) {
      TENS[n] = n == 0 ? 1 : 10 * TENS[n - 1];
      POWERS[n] = TENS[n];
    }
  }

  /** Reads the number that begins at `from`; some other byte must follow it. */
  public float parse(byte[] bytes, int from) {
    int at = from;
    boolean negative = bytes[at] == '-';
    if (negative) {
      at++;
    }
    int first = at;
    long mantissa = 0;
    for (int digit; (digit = bytes[at] - '0') >= 0 && digit <= 9; at++) {
      mantissa = 10 * mantissa + digit;
    }
    int digits = at - first;
    int fraction = 0;
    if (bytes[at] == '.') {
      int point = ++at;
      if (at + 8 <= bytes.length) {
        long chunk = (long) EIGHT.get(bytes, at) ^ ZEROS;
        // The highest bit of each byte that is no digit; right up to the first such byte, which is all that counts.
        long others = (chunk + 0x7676767676767676L | chunk) & 0x8080808080808080L;
        int count = others == 0 ? 8 : Long.numberOfTrailingZeros(others) >>> 3;
        if (count > 0) {
          mantissa = TENS[count] * mantissa + digitsOf(chunk << (64 - 8 * count));
          at += count;
        }
      }
      for (int digit; (digit = bytes[at] - '0') >= 0 && digit <= 9; at++) {
        mantissa = 10 * mantissa + digit;
      }
      fraction = at - point;
      digits += fraction;
    }
    end = at;
    if (digits == 0 || digits > DIGITS_MAX || (bytes[at] | 0x20) == 'e') {
      return slow(bytes, from);
    }
    double value = mantissa / POWERS[fraction]; // both exact, so this is the double nearest to the number
    if ((Double.doubleToRawLongBits(value) & 0x1FFFFFFF) == 0x10000000) {
      return slow(bytes, from); // halfway between two floats, or only rounded to there
    }
    return (float) (negative ? -value : value);
  }

  /** Reads numbers with commas between them, and perhaps behind the last, up to a quote; returns how many. */
  public int list(byte[] bytes, int from, float[] to, int at) {
    int place = at;
    for (int next = from; bytes[next] != '"'; ) {
      to[place++] = parse(bytes, next);
      next = bytes[end] == ',' ? end + 1 : end;
    }
    return place - at;
  }

  /** Eight digits, the first of them in the lowest byte: pairs, then fours, then all. */
  private static long digitsOf(long digits) {
    long pairs = (digits * 10 + (digits >>> 8)) & 0x00FF00FF00FF00FFL;
    long fours = (pairs * 100 + (pairs >>> 16)) & 0x0000FFFF0000FFFFL;
    return (fours * 10000 + (fours >>> 32)) & 0xFFFFFFFFL;
  }

  private float slow(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && "+-.eE0123456789".indexOf(bytes[at]) >= 0) {
      at++;
    }
    end = at;
    return Float.parseFloat(new String(bytes, from, at - from, StandardCharsets.ISO_8859_1));
  }
}
