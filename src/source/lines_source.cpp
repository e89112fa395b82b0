// Blocks, and the lines in them.
#include "source/lines_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace thalweg {
namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;
constexpr std::size_t padding =
    64;  // readable bytes behind every line, for parsers that look ahead
constexpr std::size_t pool_max = 8;

}  // namespace

LinesSource::LinesSource(LinesSourceOptions options) : options_(std::move(options)) {}

Status LinesSource::open(Waker& waker, SourceListener& listener) {
  waker_ = &waker;
  listener_ = &listener;
  block_ = free_block(block_bytes);
  const TopicPartition only{options_.topic, {0}};
  listener.assigned({&only, 1});
  waker.wake();  // nobody else will
  return {};
}

std::size_t LinesSource::drain(Batch& batch, const DrainLimits& limits) {
  std::size_t records = 0;
  std::size_t bytes = 0;
  std::shared_ptr<Block> kept;  // the block that the batch already keeps
  std::string_view line;
  while (!ended_ && records < limits.records && (records == 0 || bytes < limits.bytes)) {
    if (!next_line(line)) {
      if (records > 0 || !read_more()) break;  // what is here goes first: a pipe may be slow
      continue;
    }
    if (kept != block_) {
      kept = block_;
      batch.keep(kept);
    }
    SourceRecord record;
    record.topic = options_.topic;
    record.offset = {line_++};
    record.value = line;
    record.headers_begin = record.headers_end = static_cast<std::uint32_t>(batch.headers().size());
    batch.add_record(record);
    ++records;
    bytes += line.size();
    if (options_.limit > 0 && static_cast<std::size_t>(line_) >= options_.limit) ended_ = true;
  }
  waker_->wake();
  return records;
}

bool LinesSource::next_line(std::string_view& line) {
  const char* data = block_->memory.get();
  const void* found = std::memchr(data + scanned_, '\n', end_ - scanned_);
  std::size_t stop = end_;
  if (found != nullptr) {
    stop = static_cast<std::size_t>(static_cast<const char*>(found) - data);
    scanned_ = stop + 1;
  } else {
    scanned_ = end_;
    if (!at_eof_) return false;
    if (begin_ == end_) {
      ended_ = true;
      return false;
    }
  }
  line = {data + begin_, stop - begin_};
  begin_ = scanned_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

bool LinesSource::read_more() {
  if (at_eof_) return true;  // the rest is a line
  pollfd pfd{options_.fd, POLLIN, 0};
  if (::poll(&pfd, 1, static_cast<int>(options_.wait.count())) <= 0) return false;
  if (end_ == block_->size && !make_room()) return false;
  const ssize_t n = ::read(options_.fd, block_->memory.get() + end_, block_->size - end_);
  if (n < 0) {
    if (errno != EINTR && errno != EAGAIN) fail(std::strerror(errno));
    return false;
  }
  at_eof_ = n == 0;
  end_ += static_cast<std::size_t>(n);
  return true;
}

// Takes the line that has begun over into a fresh block. Batches may still look at the old one.
bool LinesSource::make_room() {
  const std::size_t begun = end_ - begin_;
  if (begun > options_.line_bytes_max) {
    fail("line " + std::to_string(line_ + 1) + " has more than " +
         std::to_string(options_.line_bytes_max) + " bytes");
    return false;
  }
  const std::size_t wanted = begun * 2 > block_bytes ? begun * 2 : block_bytes;
  std::shared_ptr<Block> fresh = free_block(wanted);
  std::memcpy(fresh->memory.get(), block_->memory.get() + begin_, begun);
  block_ = std::move(fresh);
  scanned_ -= begin_;
  begin_ = 0;
  end_ = begun;
  return true;
}

std::shared_ptr<LinesSource::Block> LinesSource::free_block(std::size_t size) {
  for (const auto& block : pool_) {
    if (block.use_count() == 1 && block->size >= size) return block;
  }
  auto block = std::make_shared<Block>();
  block->memory = std::make_unique_for_overwrite<char[]>(size + padding);
  std::memset(block->memory.get() + size, 0, padding);
  block->size = size;
  if (pool_.size() < pool_max && size == block_bytes) pool_.push_back(block);
  return block;
}

void LinesSource::fail(const std::string& message) {
  ended_ = true;
  listener_->source_error(
      Error(Code::io_failed, "source '" + options_.topic + "': expected lines; got " + message));
}

Status LinesSource::commit(std::span<const TopicPartitionOffset> /*next*/, bool /*wait*/) {
  return {};
}

Status LinesSource::seek(std::span<const TopicPartitionOffset> /*to*/) {
  return Error(Code::io_failed, "source '" + options_.topic +
                                    "': lines cannot be read again; nothing rewinds a file source");
}

void LinesSource::lag(std::vector<Lag>& out) const {
  out.push_back({{options_.topic, {0}}, -1});
}

void LinesSource::close() {
  ended_ = true;
}

}  // namespace thalweg
