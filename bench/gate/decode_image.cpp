// The gate: 784 numbers in one string, a JSON record of 8.4 KB.
#include "decode.h"

namespace {

std::string image(std::mt19937_64& random) {
  std::string list;
  for (int i = 0; i < 784; ++i) {
    char text[32];
    const int digits = 6 + static_cast<int>(random() % 5);
    std::snprintf(text, sizeof text, "%.*f,", digits,
                  static_cast<double>(random() >> 11) * 0x1p-53);
    list += text;
  }
  return R"({"creationTimestamp":1718000000000,"dataPointSz1":1,"dataPointSz2":784,"dataPoint":")" +
         list + R"(","prediction":null})";
}

}  // namespace

int main() {
  using namespace thalweg::gate;
  std::mt19937_64 random(2);
  std::vector<std::string> values(64);
  for (std::string& value : values) value = image(random);
  return measure_decode("json", "{image: {at: /dataPoint, type: 'float32[784]', separator: ','}}",
                        values, 4);
}
