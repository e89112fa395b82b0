// Lines out of files and pipes.
#include "source/lines_source.h"

#include <cstdio>
#include <fcntl.h>
#include <numeric>
#include <unistd.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/mock_cluster.h"

namespace thalweg {
namespace {

// A temporary file with this content, open for reading.
int file_with(const std::string& content) {
  std::FILE* f = std::tmpfile();
  std::fwrite(content.data(), 1, content.size(), f);
  std::fflush(f);
  const int fd = ::dup(::fileno(f));
  std::fclose(f);
  ::lseek(fd, 0, SEEK_SET);
  return fd;
}

struct Reader {
  explicit Reader(const std::string& content, LinesSourceOptions o = {}) : fd(file_with(content)) {
    o.fd = fd;
    source = std::make_unique<LinesSource>(o);
    EXPECT_TRUE(source->open(waker, listener));
  }
  ~Reader() { ::close(fd); }
  std::vector<std::string> all(DrainLimits limits = {}) {
    std::vector<std::string> lines;
    while (!source->ended()) {
      batch.reset();
      (void)source->drain(batch, limits);
      for (const SourceRecord& r : batch.records()) {
        EXPECT_EQ(r.offset.value, static_cast<std::int64_t>(lines.size()));
        lines.emplace_back(*r.value);
      }
    }
    return lines;
  }
  int fd;
  test::TestWaker waker;
  test::RecordingListener listener;
  std::unique_ptr<LinesSource> source;
  Batch batch;
};

TEST(LinesSource, One_line_is_one_record_and_its_offset_is_its_number) {
  EXPECT_EQ(Reader("a\nbb\n\nc\n").all(), (std::vector<std::string>{"a", "bb", "", "c"}));
}

TEST(LinesSource, A_last_line_without_an_end_counts_and_an_empty_one_does_not) {
  EXPECT_EQ(Reader("a\nb").all(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Reader("a\nb\n").all().size(), 2U);
  EXPECT_TRUE(Reader("").all().empty());
}

TEST(LinesSource, Windows_line_ends_are_no_part_of_the_record) {
  EXPECT_EQ(Reader("a\r\nb\r\n").all(), (std::vector<std::string>{"a", "b"}));
}

TEST(LinesSource, A_line_longer_than_a_block_comes_whole) {
  const std::string longest(5'000'000, 'x');
  Reader reader("a\n" + longest + "\nb\n");
  const auto lines = reader.all();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[1] == longest);
}

TEST(LinesSource, A_line_over_the_limit_ends_the_run_with_its_number) {
  LinesSourceOptions o;
  o.line_bytes_max = 2'000'000;
  Reader reader("a\n" + std::string(4'500'000, 'x') + "\n", o);
  EXPECT_EQ(reader.all().size(), 1U);
  ASSERT_EQ(reader.listener.errors.size(), 1U);
  EXPECT_EQ(reader.listener.errors[0].code(), Code::io_failed);
  EXPECT_NE(reader.listener.errors[0].message().find("line 2"), std::string::npos);
}

TEST(LinesSource, A_limit_ends_it_early) {
  LinesSourceOptions o;
  o.limit = 2;
  EXPECT_EQ(Reader("a\nb\nc\n", o).all().size(), 2U);
}

TEST(LinesSource, Views_stay_good_until_the_batch_is_reset) {
  std::string content;
  for (int i = 0; i < 300'000; ++i) content += std::to_string(i) + "\n";
  Reader reader(content);
  Batch held;
  ASSERT_GT(reader.source->drain(held, {.records = 10}), 0U);
  while (!reader.source->ended()) {
    reader.batch.reset();
    (void)reader.source->drain(reader.batch, {.records = 1000});
  }
  EXPECT_EQ(held.record(9).value, "9");
}

TEST(LinesSource, A_silent_pipe_yields_nothing_and_does_not_end) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  LinesSourceOptions o;
  o.fd = ends[0];
  o.wait = std::chrono::milliseconds(1);
  LinesSource source(o);
  test::TestWaker waker;
  test::RecordingListener listener;
  ASSERT_TRUE(source.open(waker, listener));
  Batch batch;
  EXPECT_EQ(source.drain(batch, {}), 0U);
  EXPECT_FALSE(source.ended());
  EXPECT_TRUE(waker.woken()) << "nobody else wakes the worker";
  ASSERT_EQ(::write(ends[1], "x\ny", 3), 3);
  EXPECT_EQ(source.drain(batch, {}), 1U) << "a line that is whole does not wait for the next";
  ::close(ends[1]);
  batch.reset();
  EXPECT_EQ(source.drain(batch, {}), 1U);
  EXPECT_EQ(batch.record(0).value, "y");
  (void)source.drain(batch, {});
  EXPECT_TRUE(source.ended());
  ::close(ends[0]);
}

RC_GTEST_PROP(LinesSource, Any_lines_and_any_limits_give_the_same_records, ()) {
  const auto lines = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::inRange('a', 'd')));
  std::string content;
  for (const std::string& line : lines) content += line + "\n";
  DrainLimits limits;
  limits.records = *rc::gen::inRange<std::size_t>(1, 9);
  limits.bytes = *rc::gen::inRange<std::size_t>(1, 30);
  RC_ASSERT(Reader(content).all(limits) == lines);
}

}  // namespace
}  // namespace thalweg
