// What the programs of the gate share: callgrind counts what runs inside gate_stage(), and nothing else.
//
// Everything is made before, and run once, so that buffers have their sizes and one-time work is over.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/registry.h"

#include "bench/must.h"
#include "config/yaml_reader.h"

// Named to callgrind by --toggle-collect; so neither inlined nor mangled.
extern "C" __attribute__((noinline)) inline void gate_stage(const std::function<void()>& work) {
  work();
}

namespace thalweg::gate {

using bench::fail;
using bench::must;

inline constexpr std::size_t batch_records = 256;

// Once to warm up, then `rounds` times while counted; the number of records counted is the program's whole output.
inline int measure(std::size_t records, int rounds, const std::function<void()>& once) {
  once();
  gate_stage([&] {
    for (int i = 0; i < rounds; ++i) once();
  });
  std::printf("%zu\n", records * static_cast<std::size_t>(rounds));
  return 0;
}

inline Node yaml(std::string_view text) {
  return must(read_yaml(text, {.name = "gate"}));
}

inline void fill(Batch& batch, const std::vector<std::string>& values) {
  batch.reset();
  for (const std::string& value : values) {
    SourceRecord record;
    record.value = value;
    batch.add_record(record);
  }
}

inline const char* one_of(std::mt19937_64& random, std::initializer_list<const char*> words) {
  return words.begin()[random() % words.size()];
}

// The tabular workload's values: always the same.
inline std::vector<std::string> tabular_values() {
  std::mt19937_64 random(1);
  std::vector<std::string> values;
  for (std::size_t i = 0; i < batch_records; ++i) {
    char text[400];
    std::snprintf(
        text, sizeof text,
        R"({"id":"%08zx-75d6-4700-9adf-252dee8c4b64","amount":%.2f,"hour":%d,"country":"%s","channel":"%s","merchant_category_code":"%s","minutes_since_last":%d,"card_age_days":%d,"balance":%.2f})",
        i, static_cast<double>(random() % 100000) / 100, static_cast<int>(random() % 24),
        one_of(random, {"DE", "FR", "NL", "PL", "US"}), one_of(random, {"online", "chip"}),
        one_of(random, {"5411", "7995", "5812", "4829"}), static_cast<int>(random() % 10000),
        static_cast<int>(random() % 3000), static_cast<double>(random() % 1000000) / 100);
    values.emplace_back(text);
  }
  return values;
}

inline constexpr const char* tabular_fields =
    "{id: string, amount: float32, hour: float32, country: string, channel: string, "
    "merchant_category_code: string, "
    "minutes_since_last: float32, card_age_days: float32, balance: float32}";

}  // namespace thalweg::gate
