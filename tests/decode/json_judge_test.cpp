// The JSON decoder against a tree: random records, random fields, and simdjson's tree parser to say what is right. Also: cuts into
// batches do not show, and nothing outside of a payload is read.
#include <cstring>
#include <random>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "decode/decode_support.h"

namespace thalweg {
namespace {

using Random = std::mt19937_64;
namespace dom = simdjson::dom;

const char* const keys[] = {"a", "b", "c", "longer_key_1", "longer_key_2", "0", "1"};

std::string random_value(Random& random, int depth) {
  switch (random() % (depth > 0 ? 9 : 6)) {
    case 0: return std::to_string(static_cast<std::int64_t>(random()) >> (random() % 60));
    case 1: return std::to_string(random() % 1000) + "." + std::to_string(random() % 100000);
    case 2: return random() % 2 ? "true" : "false";
    case 3: return "null";
    case 4: return R"("a\"b\u00e9")";
    case 5: return R"("text")";
    case 6: {
      std::string text = "[";
      for (std::size_t i = random() % 4; i-- > 0;)
        text += random_value(random, depth - 1) + (i ? ", " : "");
      return text + "]";
    }
    default: {
      std::string text = "{";
      for (std::size_t i = random() % 6; i-- > 0;) {
        const std::string key = keys[random() % std::size(keys)];
        text += "\"" + (random() % 6 == 0 && key == "a" ? "\\u0061" : key) +
                "\":" + random_value(random, depth - 1) + (i ? "," : "");
      }
      return text + "}";
    }
  }
}

enum class Found { value, missing, wrong, unsure };

// What the tree says about a pointer. Of members with the same key the first counts there too.
Found look(dom::element at, const std::vector<std::string>& steps, dom::element& out) {
  for (const std::string& step : steps) {
    if (at.is_null()) return Found::missing;
    simdjson::simdjson_result<dom::element> next = simdjson::NO_SUCH_FIELD;
    if (at.is_object()) {
      next = at.get_object().value().at_key(step);
    } else if (at.is_array()) {
      if (step.find_first_not_of("0123456789") != std::string::npos)
        return Found::unsure;  // depends on the other fields
      next = at.get_array().value().at(std::stoul(step));
    } else {
      return Found::wrong;
    }
    if (next.error() != simdjson::SUCCESS) return Found::missing;
    at = next.value();
  }
  if (at.is_null()) return Found::missing;
  out = at;
  return Found::value;
}

struct Wanted {
  std::string name;
  std::vector<std::string> steps;
  std::string type;
};

Found judge(const Wanted& field, dom::element root, const Column& column, bool decoded) {
  dom::element value;
  const Found found = look(root, field.steps, value);
  if (found != Found::value && found != Found::missing) return found;
  const bool there = found == Found::value;
  if (field.type == "string") {
    std::string_view text = "none";
    if (there && value.get_string().get(text) != simdjson::SUCCESS) return Found::wrong;
    if (decoded) {
      EXPECT_EQ(column.strings()[0], text);
    }
  } else if (field.type == "bool") {
    bool truth = false;
    if (there && value.get_bool().get(truth) != simdjson::SUCCESS) return Found::wrong;
    if (decoded) {
      EXPECT_EQ(column.values<std::uint8_t>()[0] != 0, truth);
    }
  } else if (field.type == "float64") {
    double number = -1;
    if (there && value.get_double().get(number) != simdjson::SUCCESS) return Found::wrong;
    if (decoded) {
      EXPECT_EQ(column.values<double>()[0], number);
    }
  } else {
    std::int64_t number = -1;
    if (there && value.type() == dom::element_type::DOUBLE) {
      if (value.get_double().value() !=
          static_cast<double>(static_cast<std::int64_t>(value.get_double().value())))
        return Found::wrong;
      number = static_cast<std::int64_t>(value.get_double().value());
    } else if (there && value.get_int64().get(number) != simdjson::SUCCESS) {
      return Found::wrong;
    }
    if (decoded) {
      EXPECT_EQ(column.values<std::int64_t>()[0], number);
    }
  }
  return Found::value;
}

TEST(JsonJudged, Random_fields_of_random_records_are_what_a_tree_holds) {
  Random random(17);
  const char* const types[] = {"float64", "int64", "string", "bool"};
  const char* const defaults[] = {"-1", "-1", "none", "false"};
  dom::parser tree;
  int decoded_records = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<Wanted> wanted;
    std::string fields = "{";
    for (std::size_t i = 0; i < 1 + random() % 4; ++i) {
      Wanted field{"f" + std::to_string(i), {}, ""};
      std::string pointer;
      for (std::size_t n = 1 + random() % 3; n-- > 0;) {
        field.steps.emplace_back(keys[random() % std::size(keys)]);
        pointer += "/" + field.steps.back();
      }
      const std::size_t type = random() % 4;
      field.type = types[type];
      fields += (i ? ", " : "") + field.name + ": {at: '" + pointer + "', type: " + field.type +
                ", default: " + defaults[type] + "}";
      wanted.push_back(std::move(field));
    }
    const auto decoder = test::make_decoder("json", fields + "}");
    for (int n = 0; n < 20; ++n) {
      std::string text = random_value(random, 4);
      if (text[0] != '{') continue;
      Batch batch;
      SourceRecord record;
      record.value = text;
      batch.add_record(record);
      decoder->decode(batch);
      const bool decoded = batch.disposition(0) == Disposition::pending;
      const dom::element root = tree.parse(text).value();
      bool any_wrong = false;
      bool any_unsure = false;
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        const Found found = judge(wanted[i], root, batch.rows().columns[i], decoded);
        any_wrong |= found == Found::wrong;
        any_unsure |= found == Found::unsure;
      }
      if (any_wrong || !any_unsure) {
        ASSERT_EQ(decoded, !any_wrong) << fields << "\n" << text;
      }
      ASSERT_FALSE(::testing::Test::HasFailure()) << fields << "\n" << text;
      decoded_records += decoded;
    }
  }
  EXPECT_GT(decoded_records, 1000);
}

std::string random_record(Random& random) {
  if (random() % 10 == 0) return R"({"a":1,"s":)";
  std::string vector;
  for (std::size_t i = random() % 5; i-- > 0;)
    vector += std::to_string(random() % 100) + (i ? "," : "");
  return R"({"a":)" + std::to_string(random() % 1000) + R"(,"s":"x\n)" +
         std::to_string(random() % 10) + R"(","v":[)" + vector + "]}";
}

TEST(JsonJudged, Where_a_batch_is_cut_does_not_show) {
  Random random(3);
  std::vector<std::string> values;
  for (int i = 0; i < 200; ++i) values.push_back(random_record(random));
  const auto decoder = test::make_decoder("json", "{a: float32, s: string, v: 'int32[]'}");
  Batch whole;
  test::add_values(whole, values);
  decoder->decode(whole);
  std::size_t row = 0;
  Batch batch;  // recycled, as a worker's is
  for (std::size_t begin = 0; begin < values.size();) {
    const std::size_t end = std::min(values.size(), begin + 1 + random() % 7);
    batch.reset();
    const std::vector<std::string> cut(values.begin() + static_cast<long>(begin),
                                       values.begin() + static_cast<long>(end));
    test::add_values(batch, cut);
    decoder->decode(batch);
    for (std::size_t i = 0; i < batch.rows().count(); ++i, ++row) {
      ASSERT_EQ(whole.rows().record_of[row], begin + batch.rows().record_of[i]);
      ASSERT_EQ(whole.rows().columns[0].row<float>(row)[0],
                batch.rows().columns[0].row<float>(i)[0]);
      ASSERT_EQ(whole.rows().columns[1].string_row(row)[0],
                batch.rows().columns[1].string_row(i)[0]);
      const auto expected = whole.rows().columns[2].row<std::int32_t>(row);
      const auto got = batch.rows().columns[2].row<std::int32_t>(i);
      ASSERT_TRUE(std::equal(expected.begin(), expected.end(), got.begin(), got.end()));
    }
    begin = end;
  }
  EXPECT_EQ(row, whole.rows().count());
}

// A text that fills the end (or the beginning) of a page whose neighbours may not be touched.
class Guarded {
 public:
  Guarded() : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
    base_ = static_cast<char*>(
        ::mmap(nullptr, 3 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ::mprotect(base_ + page_, page_, PROT_READ | PROT_WRITE);
  }
  ~Guarded() { ::munmap(base_, 3 * page_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  std::string_view at_end(std::string_view text) {
    return put(base_ + 2 * page_ - text.size(), text);
  }
  std::string_view at_begin(std::string_view text) { return put(base_ + page_, text); }

 private:
  static std::string_view put(char* to, std::string_view text) {
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }
  std::size_t page_;
  char* base_ = nullptr;
};

TEST(JsonJudged, Nothing_is_read_before_or_behind_a_payload) {
  Guarded guarded;
  const auto run = [&](const std::string& fields, std::string_view text) {
    const auto decoder = test::make_decoder("json", fields);
    Batch batch;
    SourceRecord record;
    record.value = text;
    batch.add_record(record);
    decoder->decode(batch);
    return batch.disposition(0);
  };
  for (std::size_t padding = 0; padding < 130; ++padding) {
    const std::string space(padding, ' ');
    for (const std::string& text :
         {space + "[1.5,2.25]", "[" + space + "0.5,1]", space + "\"1.5,2\"",
          "[\"\\n\",\"" + space + "\"]", space + "{", space + "\"", std::string("1.5"),
          std::string("12345678901234567890"), space + "tru", "[1.5," + space}) {
      for (const char* fields :
           {"{v: {at: '', type: 'float32[]', separator: ','}}", "{v: {at: '', type: 'string[]'}}",
            "{v: {at: '', type: float64}}", "{k: int32}"}) {
        EXPECT_EQ(run(fields, guarded.at_end(text)), run(fields, guarded.at_begin(text))) << text;
      }
    }
  }
}

}  // namespace
}  // namespace thalweg
