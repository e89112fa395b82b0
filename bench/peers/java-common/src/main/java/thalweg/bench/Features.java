package thalweg.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** features.json: which field goes where in the row, read once at the start. */
final class Features {
  final List<String> fields = new ArrayList<>(); // numbers first, then categories
  final List<Words> vocabularies = new ArrayList<>();
  final int numbers;
  final int columns;
  final boolean[] log1p;
  final float[] means;
  final float[] scales;
  final int[] first; // a category's first column: the unknown word's

  Features(Path file) {
    JsonNode json = read(file);
    JsonNode numeric = json.get("numbers");
    JsonNode categories = json.get("categories");
    columns = json.get("columns").intValue();
    numbers = numeric.size();
    log1p = new boolean[numbers];
    means = new float[numbers];
    scales = new float[numbers];
    first = new int[categories.size()];
    for (int n = 0; n < numbers; n++) {
      JsonNode number = numeric.get(n);
      fields.add(number.get("field").textValue());
      log1p[n] = number.get("log1p").booleanValue();
      means[n] = number.get("mean").floatValue();
      scales[n] = number.get("scale").floatValue();
    }
    int column = numbers;
    for (int n = 0; n < first.length; n++) {
      List<String> words = new ArrayList<>();
      categories.get(n).get("words").forEach(word -> words.add(word.textValue()));
      fields.add(categories.get(n).get("field").textValue());
      vocabularies.add(new Words(words));
      first[n] = column;
      column += 1 + words.size();
    }
  }

  private static JsonNode read(Path file) {
    try {
      return new ObjectMapper().readTree(file.toFile());
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
