// Lines into files and pipes.
#include "sink/lines_sink.h"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/mock_cluster.h"

namespace thalweg {
namespace {

struct File {
  File() : file(std::tmpfile()), fd(::fileno(file)) {}
  ~File() { std::fclose(file); }
  [[nodiscard]] std::string content() const {
    std::string text(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
  }
  std::FILE* file;
  int fd;
};

OutputRecord line(std::optional<std::string_view> value, test::RecordingDelivery& delivery) {
  OutputRecord o;
  o.value = value;
  o.listener = &delivery;
  return o;
}

TEST(LinesSink, Outputs_are_lines_in_the_order_sent_and_delivered_at_once) {
  File out;
  test::RecordingDelivery delivery;
  LinesSink sink(out.fd, -1);
  for (const auto value :
       {std::optional<std::string_view>("{\"a\":1}"), std::optional<std::string_view>(),
        std::optional<std::string_view>("ü")}) {
    OutputRecord o = line(value, delivery);
    ASSERT_TRUE(sink.send(o));
  }
  EXPECT_EQ(delivery.ok(), 3U);
  ASSERT_TRUE(sink.flush({}));
  EXPECT_EQ(out.content(), "{\"a\":1}\nnull\nü\n");
}

TEST(LinesSink, What_is_no_line_of_text_is_base64) {
  File out;
  test::RecordingDelivery delivery;
  LinesSink sink(out.fd, -1);
  for (const std::string_view value : {"\xff\xfe", "a\nb", "f\no", "f\nob"}) {
    OutputRecord o = line(value, delivery);
    ASSERT_TRUE(sink.send(o));
  }
  ASSERT_TRUE(sink.flush({}));
  EXPECT_EQ(out.content(),
            "{\"base64\":\"//"
            "4=\"}\n{\"base64\":\"YQpi\"}\n{\"base64\":\"Zgpv\"}\n{\"base64\":\"ZgpvYg==\"}\n");
}

TEST(LinesSink, A_dead_letter_goes_to_the_other_stream_with_its_line_and_reason) {
  File out;
  File dead;
  test::RecordingDelivery delivery;
  LinesSink sink(out.fd, dead.fd);
  const Header headers[] = {{"__thalweg.errors.offset", "7"},
                            {"__thalweg.errors.code", "not_json"},
                            {"__thalweg.errors.stage", "decode"},
                            {"__thalweg.errors.message", "expected \"x\""}};
  OutputRecord letter = line("{oops", delivery);
  letter.dead_letter = true;
  letter.headers = headers;
  ASSERT_TRUE(sink.send(letter));
  OutputRecord raw = line("\xff", delivery);
  raw.dead_letter = true;
  ASSERT_TRUE(sink.send(raw));
  ASSERT_TRUE(sink.flush({}));
  EXPECT_EQ(out.content(), "");
  EXPECT_EQ(dead.content(),
            "{\"line\":8,\"code\":\"not_json\",\"stage\":\"decode\",\"message\":\"expected "
            "\\\"x\\\"\",\"value\":\"{oops\"}\n"
            "{\"line\":0,\"value_base64\":\"/w==\"}\n");
  EXPECT_EQ(delivery.ok(), 2U);
}

TEST(LinesSink, A_pipe_nobody_reads_ends_the_run) {
  std::signal(SIGPIPE, SIG_IGN);  // the process's business, see run/signals
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  test::RecordingDelivery delivery;
  LinesSink sink(ends[1], -1);
  OutputRecord o = line("x", delivery);
  ASSERT_TRUE(sink.send(o));
  const Status s = sink.flush({});
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().code(), Code::io_failed);
  ASSERT_TRUE(sink.fatal());
  EXPECT_FALSE(sink.send(o));
  ::close(ends[1]);
}

TEST(LinesSink, A_full_disk_ends_the_run) {
  const int fd = ::open("/dev/full", O_WRONLY);
  if (fd < 0) GTEST_SKIP() << "no /dev/full here";
  test::RecordingDelivery delivery;
  LinesSink sink(fd, -1);
  const std::string value(100'000, 'x');
  OutputRecord o = line(value, delivery);
  const Status s = sink.send(o);
  ASSERT_FALSE(s);
  EXPECT_NE(s.error().message().find("No space left"), std::string::npos) << s.error().message();
  EXPECT_EQ(delivery.ok(), 0U) << "an error means that nobody was told";
  ::close(fd);
}

}  // namespace
}  // namespace thalweg
