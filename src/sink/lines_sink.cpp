// Lines, buffered; JSON for what is no line by itself.
#include "sink/lines_sink.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <unistd.h>

#include "config/json_text.h"
#include "json/utf8.h"

namespace thalweg {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{64} << 10;
constexpr std::string_view error_prefix = "__thalweg.errors.";

void append_base64(std::string_view bytes, std::string& out) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k)
      out.push_back(k <= n ? digits[group >> (18 - 6 * k) & 63] : '=');
  }
}

bool is_one_line(std::string_view value) {
  return value.find_first_of("\r\n") == std::string_view::npos && json::valid_utf8(value);
}

void append_line(const OutputRecord& output, std::string& out) {
  if (!output.value) {
    out += "null";
  } else if (is_one_line(*output.value)) {
    out += *output.value;
  } else {
    out += R"({"base64":")";
    append_base64(*output.value, out);
    out += "\"}";
  }
  out.push_back('\n');
}

std::string_view error_header(const OutputRecord& output, std::string_view name) {
  for (const Header& h : output.headers) {
    if (h.value && h.name.starts_with(error_prefix) && h.name.substr(error_prefix.size()) == name)
      return *h.value;
  }
  return {};
}

void append_dead_letter(const OutputRecord& output, std::string& out) {
  std::int64_t offset = -1;
  const std::string_view text = error_header(output, "offset");
  std::from_chars(text.data(), text.data() + text.size(), offset);
  out += "{\"line\":" + std::to_string(offset + 1);
  for (const std::string_view name : {"code", "stage", "message"}) {
    const std::string_view value = error_header(output, name);
    if (value.empty()) continue;
    out.append(",\"").append(name).append("\":");
    // A reason may quote the input, which may be anything.
    config::append_json_string(value.substr(0, json::valid_utf8_prefix(value)), out);
  }
  if (!output.value) {
    out += ",\"value\":null";
  } else if (json::valid_utf8(*output.value)) {
    out += ",\"value\":";
    config::append_json_string(*output.value, out);
  } else {
    out += ",\"value_base64\":\"";
    append_base64(*output.value, out);
    out.push_back('"');
  }
  out += "}\n";
}

}  // namespace

LinesSink::LinesSink(int out_fd, int dead_fd, LineWriters writers)
    : writers_(std::move(writers)), out_{out_fd, "output"}, dead_{dead_fd, "dead letters"} {}

LinesSink::~LinesSink() {
  poll();
}

Result<std::uint16_t> LinesSink::add_target(const std::string& topic) {
  const std::scoped_lock lock(mutex_);
  auto it = std::find(targets_.begin(), targets_.end(), topic);
  if (it == targets_.end()) it = targets_.insert(targets_.end(), topic);
  return static_cast<std::uint16_t>(it - targets_.begin());
}

Status LinesSink::send(OutputRecord& output) {
  {
    const std::scoped_lock lock(mutex_);
    if (fatal_) return *fatal_;
    Stream& stream = output.dead_letter ? dead_ : out_;
    if (stream.fd >= 0) {
      append(output, stream.buffer);
      if (stream.buffer.size() >= buffer_bytes && !write(stream)) return *fatal_;
    }
  }
  if (output.listener != nullptr) output.listener->delivered(output, nullptr);
  return {};
}

void LinesSink::append(const OutputRecord& output, std::string& out) const {
  const LineWriter& writer = output.dead_letter ? writers_.dead_letter : writers_.output;
  if (writer) {
    writer(targets_[output.target], output, out);
  } else if (output.dead_letter) {
    append_dead_letter(output, out);
  } else {
    append_line(output, out);
  }
}

bool LinesSink::write(Stream& stream) {
  std::size_t done = 0;
  while (done < stream.buffer.size()) {
    const ssize_t n = ::write(stream.fd, stream.buffer.data() + done, stream.buffer.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      fatal_.emplace(Code::io_failed, std::string(stream.name) + ": expected to write " +
                                          std::to_string(stream.buffer.size() - done) +
                                          " bytes; got " + std::strerror(errno));
      stream.buffer.clear();
      return false;
    }
    done += static_cast<std::size_t>(n);
  }
  stream.buffer.clear();
  return true;
}

// Everything was reported when it was sent; only bytes are left.
std::size_t LinesSink::poll() {
  const std::scoped_lock lock(mutex_);
  if (!fatal_ && write(out_)) (void)write(dead_);
  return 0;
}

Status LinesSink::flush(std::chrono::milliseconds /*timeout*/) {
  poll();
  const std::scoped_lock lock(mutex_);
  if (fatal_) return *fatal_;
  return {};
}

std::size_t LinesSink::queued_bytes() const noexcept {
  const std::scoped_lock lock(mutex_);
  return out_.buffer.size() + dead_.buffer.size();
}

std::optional<Error> LinesSink::fatal() const {
  const std::scoped_lock lock(mutex_);
  return fatal_;
}

}  // namespace thalweg
