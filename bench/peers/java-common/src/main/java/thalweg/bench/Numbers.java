package thalweg.bench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Decimal numbers out of bytes as floats, exactly as {@link Float#parseFloat} gives them, and without allocating.
 * Fractions are taken sixteen bytes at a time. What the short way cannot prove right goes to parseFloat.
 *
 * <p>The value goes into an array and its end is returned, so that finding the next number never waits for a division.
 */
public final class Numbers {
  private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int DIGITS_MAX = 15; // below 2^53: a double holds them
  private static final long ZEROS = 0x3030303030303030L;
  private static final long[] KEEP = {0, -1, -1, -1, -1, -1, -1, -1, -1}; // a shift by 64 is one by 0
  private static final long[] TENS = new long[DIGITS_MAX + 1];
  private static final double[] POWERS = new double[DIGITS_MAX + 1];

  static {
    for (int n = 0; n <= DIGITS_MAX; n++) {
      TENS[n] = n == 0 ? 1 : 10 * TENS[n - 1];
      POWERS[n] = TENS[n];
    }
  }

  private Numbers() {}

  /** Reads the number that begins at `from` into to[place]; some other byte must follow it. Returns where that is. */
  public static int parse(byte[] bytes, int from, float[] to, int place) {
    int at = bytes[from] == '-' ? from + 1 : from;
    int first = at;
    long mantissa = 0;
    for (int digit; (digit = bytes[at] - '0') >= 0 && digit <= 9; at++) {
      mantissa = 10 * mantissa + digit;
    }
    int digits = at - first;
    int fraction = 0;
    if (bytes[at] == '.') {
      at++;
      if (at + 16 <= bytes.length) {
        // How many digits follow differs from number to number: sixteen bytes are looked at, and no branch asks.
        long low = (long) EIGHT.get(bytes, at) ^ ZEROS;
        long high = (long) EIGHT.get(bytes, at + 8) ^ ZEROS;
        int count = digitsBefore(low);
        int more = digitsBefore(high) & -(count >>> 3); // only behind eight of the first
        mantissa = (mantissa * TENS[count] + digitsOf(low, count)) * TENS[more] + digitsOf(high, more);
        fraction = count + more;
      } else {
        for (int digit; (digit = bytes[at + fraction] - '0') >= 0 && digit <= 9; fraction++) {
          mantissa = 10 * mantissa + digit;
        }
      }
      at += fraction;
      digits += fraction;
    }
    if (digits == 0 || digits > DIGITS_MAX || (bytes[at] | 0x20) == 'e') {
      return slow(bytes, from, to, place);
    }
    double number = mantissa / POWERS[fraction]; // both exact, so this is the double nearest to the number
    if ((Double.doubleToRawLongBits(number) & 0x1FFFFFFF) == 0x10000000) {
      return slow(bytes, from, to, place); // halfway between two floats, or only rounded to there
    }
    to[place] = (float) (first == from ? number : -number);
    return at;
  }

  /** Reads numbers with commas between them, and perhaps behind the last, up to a quote; returns how many. */
  public static int list(byte[] bytes, int from, float[] to, int at) {
    int place = at;
    for (int next = from; bytes[next] != '"'; place++) {
      next = parse(bytes, next, to, place);
      if (bytes[next] == ',') {
        next++;
      }
    }
    return place - at;
  }

  /** How many bytes lie before the first that is no digit. */
  private static int digitsBefore(long chunk) {
    // Sets the highest bit of each byte above 9; what a carry spoils lies behind the first of them.
    long others = (chunk + 0x7676767676767676L | chunk) & 0x8080808080808080L;
    return Long.numberOfTrailingZeros(others) >>> 3;
  }

  /** The first `count` digits, the very first in the lowest byte: as pairs, then fours, then all. */
  private static long digitsOf(long chunk, int count) {
    long digits = chunk << (64 - 8 * count) & KEEP[count];
    long pairs = (digits * 10 + (digits >>> 8)) & 0x00FF00FF00FF00FFL;
    long fours = (pairs * 100 + (pairs >>> 16)) & 0x0000FFFF0000FFFFL;
    return (fours * 10000 + (fours >>> 32)) & 0xFFFFFFFFL;
  }

  private static int slow(byte[] bytes, int from, float[] to, int place) {
    int at = from;
    while (at < bytes.length && "+-.eE0123456789".indexOf(bytes[at]) >= 0) {
      at++;
    }
    to[place] = Float.parseFloat(new String(bytes, from, at - from, StandardCharsets.ISO_8859_1));
    return at;
  }
}
