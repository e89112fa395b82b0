// The log's lines as programs read them.
#include "run/log.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(Log, In_JSON_numbers_are_numbers_and_texts_are_texts_even_when_they_are_digits) {
  testing::internal::CaptureStderr();
  {
    Log log(LogLevel::info, LogFormat::json);
    log.write(
        LogLevel::info, "an.event", "said",
        {{"port", 8080}, {"pipeline", std::string("7")}, {"seconds", LogValue::number_of("0.5")}});
  }
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_NE(line.find(R"("message":"said","port":8080,"pipeline":"7","seconds":0.5})"),
            std::string::npos)
      << line;
}

}  // namespace
}  // namespace thalweg
