package thalweg.bench;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Words to their places in a list, looked up as bytes: an open hash table, no strings. */
public final class Words {
  private final byte[][] words;
  private final int[] places;
  private final int mask;

  public Words(List<String> list) {
    int size = Integer.highestOneBit(4 * Math.max(1, list.size()));
    words = new byte[size][];
    places = new int[size];
    mask = size - 1;
    for (int place = 0; place < list.size(); place++) {
      byte[] word = list.get(place).getBytes(StandardCharsets.UTF_8);
      int at = hash(word, 0, word.length) & mask;
      while (words[at] != null) {
        at = (at + 1) & mask;
      }
      words[at] = word;
      places[at] = place;
    }
  }

  /** The word's place, or -1. */
  public int find(byte[] bytes, int from, int until) {
    for (int at = hash(bytes, from, until) & mask; words[at] != null; at = (at + 1) & mask) {
      byte[] word = words[at];
      if (Arrays.equals(word, 0, word.length, bytes, from, until)) {
        return places[at];
      }
    }
    return -1;
  }

  private static int hash(byte[] bytes, int from, int until) {
    int hash = until - from;
    for (int at = from; at < until; at++) {
      hash = 31 * hash + bytes[at];
    }
    return hash ^ hash >>> 7;
  }
}
