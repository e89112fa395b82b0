package thalweg.bench;

/** Scores as text. Java 17's Float.toString allocates and is slow, so the usual ones are written by hand. */
public final class Answer {
  public static final int NUMBER_BYTES_MAX = 16;
  private static final byte[] PAIRS = new byte[200];

  static {
    for (int n = 0; n < 100; n++) {
      PAIRS[2 * n] = (byte) ('0' + n / 10);
      PAIRS[2 * n + 1] = (byte) ('0' + n % 10);
    }
  }

  private Answer() {}

  /**
   * Writes nine decimals, which from 0.001 on are at least seven digits; smaller and larger ones as Java does. Returns
   * the end.
   */
  public static int number(float number, byte[] to, int at) {
    if (!(number >= 1e-3f && number < 4f)) {
      byte[] text = Float.toString(number).getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
      return bytes(text, 0, text.length, to, at);
    }
    int rest = (int) (long) (number * 1e9 + 0.5); // below 2^32: unsigned
    int whole = Integer.divideUnsigned(rest, 1_000_000_000);
    rest -= whole * 1_000_000_000;
    to[at] = (byte) ('0' + whole);
    to[at + 1] = '.';
    to[at + 2] = (byte) ('0' + rest / 100_000_000);
    rest %= 100_000_000;
    for (int place = at + 9; place > at + 2; place -= 2, rest /= 100) {
      int pair = 2 * (rest % 100);
      to[place] = PAIRS[pair];
      to[place + 1] = PAIRS[pair + 1];
    }
    return at + 11;
  }

  public static int bytes(byte[] from, int first, int count, byte[] to, int at) {
    System.arraycopy(from, first, to, at, count);
    return at + count;
  }

  /** Writes `[a,b,…]`. */
  public static int list(float[] numbers, int from, int count, byte[] to, int at) {
    int place = at;
    to[place++] = '[';
    for (int n = 0; n < count; n++) {
      if (n > 0) {
        to[place++] = ',';
      }
      place = number(numbers[from + n], to, place);
    }
    to[place++] = ']';
    return place;
  }
}
