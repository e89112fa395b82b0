package thalweg.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The payments: a walk over the bytes of a flat object, fields in any order, unknown ones skipped. Strings are looked
 * up where they lie; only one with an escape in it is copied.
 */
public final class Payments implements Workload {
  private static final byte[] HEAD = "{\"id\":".getBytes(StandardCharsets.UTF_8);
  private static final byte[] SCORE = ",\"score\":".getBytes(StandardCharsets.UTF_8);

  private final Features features;
  private final Words fields;
  private final int id;
  private byte[] scratch = new byte[256];

  public Payments(Path file) {
    features = new Features(file);
    List<String> names = new ArrayList<>(features.fields);
    id = names.size();
    names.add("id");
    fields = new Words(names);
  }

  /** Returns where the id lies, quotes included: offset from `from` in the upper half, length in the lower. */
  @Override
  public long read(byte[] bytes, int from, int length, float[] row, int at) {
    Arrays.fill(row, at, at + features.columns, 0f);
    long mark = 0;
    int seen = 0;
    int place = space(bytes, from);
    expect(bytes, place, '{');
    do {
      int name = space(bytes, place + 1);
      expect(bytes, name, '"');
      int nameEnd = stringEnd(bytes, name);
      place = space(bytes, nameEnd);
      expect(bytes, place, ':');
      place = space(bytes, place + 1);
      int field = fields.find(bytes, name + 1, nameEnd - 1);
      if (field >= 0 && field < features.numbers) {
        place = Numbers.parse(bytes, place, row, at + field);
        number(field, row, at + field);
        seen |= 1 << field;
      } else {
        int end = bytes[place] == '"' ? stringEnd(bytes, place) : scalarEnd(bytes, place);
        if (field == id) {
          mark = (long) (place - from) << 32 | end - place;
          seen |= 1 << field;
        } else if (field >= 0) {
          word(field - features.numbers, bytes, place + 1, end - 1, row, at);
          seen |= 1 << field;
        }
        place = end;
      }
      place = space(bytes, place);
    } while (bytes[place] == ',');
    expect(bytes, place, '}');
    if (seen != (1 << id + 1) - 1) {
      throw new IllegalArgumentException("payment: expected all of " + features.fields + " and id; one is missing");
    }
    return mark;
  }

  private void number(int field, float[] row, int at) {
    float number = features.log1p[field] ? (float) Math.log1p(row[at]) : row[at];
    row[at] = (number - features.means[field]) / features.scales[field];
  }

  private void word(int category, byte[] bytes, int from, int until, float[] row, int at) {
    int place = features.vocabularies.get(category).find(bytes, from, until);
    if (place < 0 && hasEscape(bytes, from, until)) {
      byte[] word = unescape(bytes, from, until);
      place = features.vocabularies.get(category).find(word, 0, word.length);
    }
    row[at + features.first[category] + 1 + place] = 1f; // -1, the unknown word, is the first column
  }

  @Override
  public byte[] answer(byte[] bytes, int from, int length, long mark, float[] scores, int at) {
    int count = (int) mark;
    int size = HEAD.length + count + SCORE.length + Answer.NUMBER_BYTES_MAX + 1;
    if (scratch.length < size) {
      scratch = new byte[2 * size];
    }
    int end = Answer.bytes(HEAD, 0, HEAD.length, scratch, 0);
    end = Answer.bytes(bytes, from + (int) (mark >>> 32), count, scratch, end); // JSON in, JSON out: nothing to escape
    end = Answer.bytes(SCORE, 0, SCORE.length, scratch, end);
    end = Answer.number(scores[at], scratch, end);
    scratch[end++] = '}';
    return Arrays.copyOf(scratch, end);
  }

  private static int space(byte[] bytes, int at) {
    int place = at;
    while (bytes[place] <= ' ' && bytes[place] >= 0) {
      place++;
    }
    return place;
  }

  private static int stringEnd(byte[] bytes, int quote) {
    int at = quote + 1;
    for (; bytes[at] != '"'; at++) {
      if (bytes[at] == '\\') {
        at++;
      }
    }
    return at + 1;
  }

  private static int scalarEnd(byte[] bytes, int from) {
    int at = from;
    while (bytes[at] != ',' && bytes[at] != '}') {
      if (bytes[at] == '{' || bytes[at] == '[') {
        throw new IllegalArgumentException("payment: expected a flat object");
      }
      at++;
    }
    return at;
  }

  private static void expect(byte[] bytes, int at, char what) {
    if (bytes[at] != what) {
      String found = "; got '" + (char) bytes[at] + "'";
      throw new IllegalArgumentException("payment: expected '" + what + "' at byte " + at + found);
    }
  }

  private static boolean hasEscape(byte[] bytes, int from, int until) {
    for (int at = from; at < until; at++) {
      if (bytes[at] == '\\') {
        return true;
      }
    }
    return false;
  }

  private static byte[] unescape(byte[] bytes, int from, int until) {
    try {
      byte[] quoted = Arrays.copyOfRange(bytes, from - 1, until + 1);
      return new ObjectMapper().readValue(quoted, String.class).getBytes(StandardCharsets.UTF_8);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
