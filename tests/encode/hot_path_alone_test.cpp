// The hot path allocates nothing: a recycled batch is decoded and encoded out of the memory it has.
#include <gtest/gtest.h>

#include "config/yaml_reader.h"
#include "decode/decoders.h"
#include "encode/encoders.h"
#include "support/count_allocations.h"

namespace thalweg {
namespace {

Node yaml(const std::string& text) {
  return read_yaml(text, {.name = "test.yaml"}).value();
}

struct Path {
  Registry registry;
  std::unique_ptr<Decoder> decoder;
  std::unique_ptr<Encoder> encoder;

  Path(const std::string& format, const std::string& fields, const std::string& value) {
    register_decoders(registry);
    register_encoders(registry);
    static const Section nothing{.name = "nothing", .doc = "", .settings = {}};
    const DecoderKind* const in = registry.decoder(format);
    decoder = in->make(read(in->section != nullptr ? *in->section : nothing, yaml("{}")).value(),
                       yaml(fields))
                  .value();
    const EncoderKind* const out = registry.encoder("json");
    encoder =
        out->make(read(*out->section, yaml("{}")).value(), yaml(value), decoder->schema()).value();
  }

  // All values through one batch; returns the bytes written.
  std::size_t run(Batch& batch, const std::vector<std::string>& values) const {
    batch.reset();
    for (const std::string& value : values) {
      SourceRecord record;
      record.topic = "in";
      record.value = value;
      batch.add_record(record);
    }
    decoder->decode(batch);
    std::size_t bytes = 0;
    for (std::uint32_t row = 0; row < batch.rows().count(); ++row)
      bytes += encoder->encode(batch, row).value().size();
    return bytes;
  }
};

void expect_no_allocation(const Path& path, const std::vector<std::string>& values) {
  Batch batch;
  std::size_t bytes = 0;
  for (int i = 0; i < 3; ++i) bytes = path.run(batch, values);
  const support::AllocationCount count;
  const std::size_t again = path.run(batch, values);
  EXPECT_EQ(count.so_far(), 0U);
  EXPECT_EQ(again, bytes);
  EXPECT_EQ(batch.rows().count(), values.size());
}

TEST(HotPath, A_tabular_record_is_decoded_and_encoded_without_an_allocation) {
  std::vector<std::string> values;
  for (int i = 0; i < 500; ++i) {
    values.push_back(
        R"({"card":"card-)" + std::to_string(i) +
        R"(","amount":12.5,"hour":7,"country":"D\u0045","channel":"web","merchant":{"id":"m)" +
        std::to_string(i) + R"(","mcc":"5411"},"minutes_since_last":3.25,"card_age_days":)" +
        std::to_string(i) + "}");
  }
  const Path path("json",
                  "{card: string, amount: float32, hour: int32, country: string, channel: string, "
                  "merchant: {at: /merchant/id, type: string}, "
                  "mcc: {at: /merchant/mcc, type: string, default: ''}, minutes_since_last: "
                  "float32, card_age_days: float32, "
                  "more: {type: 'float32[4]', default: 0}}",
                  "{card: card, country: country, amount: amount, all: more, at: meta.offset, in: "
                  "{part: /merchant}}");
  expect_no_allocation(path, values);
}

TEST(HotPath, An_image_in_one_string_is_decoded_without_an_allocation) {
  std::string list;
  for (int i = 0; i < 784; ++i) list += "0." + std::to_string(100000 + i * 997) + ",";
  const std::vector<std::string> values(
      20, R"({"creationTimestamp":1,"dataPoint":")" + list + R"(","prediction":null})");
  const Path path("json", "{image: {at: /dataPoint, type: 'float32[784]', separator: ','}}",
                  "{merge: input, with: {prediction: image}}");
  expect_no_allocation(path, values);
}

TEST(HotPath, Ragged_columns_are_decoded_without_an_allocation) {
  const std::vector<std::string> values(
      50, R"({"c":[{"id":1,"n":"a\n"},{"id":2,"n":"b"}],"w":["x","y\u0041"],"v":"1,2,3"})");
  const Path path("json",
                  "{id: {at: /c/*/id, type: int64}, n: {at: /c/*/n, type: string}, w: 'string[]', "
                  "v: {type: 'float32[]', separator: ','}}",
                  "[id, n, w, v]");
  expect_no_allocation(path, values);
}

}  // namespace
}  // namespace thalweg
