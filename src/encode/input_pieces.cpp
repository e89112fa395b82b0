// Pieces that take something out of the input, which must be JSON for that.
//
// The input is indexed at most once a row, and checked whole: what stands inside of our JSON must not break it.
#include <algorithm>

#include <fmt/format.h>

#include "encode/piece.h"
#include "json/pointer.h"
#include "json/string.h"

namespace thalweg::encode {

namespace {

bool refuse(const json::Fault& fault, std::string_view text, Job& job) {
  return job.fail(Code::encode_failed, "input: " + json::to_error(fault, text).message());
}

// Puts the walker before the input's first token.
bool open_input(Job& job) {
  Scratch& scratch = job.scratch;
  if (!job.indexed) {
    const std::string_view text = job.input();
    if (!scratch.index.build(text)) return refuse(scratch.index.fault(), text, job);
    scratch.walker.start(scratch.index, json::Walker::depth_bound);
    if (!scratch.walker.skip() || !scratch.walker.finish())
      return refuse(scratch.walker.fault(), text, job);
    job.indexed = true;
  }
  scratch.walker.start(scratch.index, json::Walker::depth_bound);
  return true;
}

class InputPiece final : public Piece {
 public:
  [[nodiscard]] bool write(Job& job) const override {
    if (!open_input(job)) return false;
    std::string_view span;
    if (!job.scratch.walker.skip(span)) return refuse(job.scratch.walker.fault(), job.input(), job);
    job.out.put(span);
    return true;
  }
};

class PartPiece final : public Piece {
 public:
  explicit PartPiece(json::Pointer pointer) : pointer_(std::move(pointer)) {}

  [[nodiscard]] bool write(Job& job) const override {
    if (!open_input(job)) return false;
    job.out.put(json::find(job.scratch.walker, pointer_).value_or("null"));
    return true;
  }

 private:
  json::Pointer pointer_;
};

class MergePiece final : public Piece {
 public:
  explicit MergePiece(std::vector<AddedMember> members) : members_(std::move(members)) {}

  [[nodiscard]] bool write(Job& job) const override {
    if (!open_input(job)) return false;
    json::Walker& walker = job.scratch.walker;
    if (walker.kind() != json::Kind::object) {
      return job.fail(
          Code::encode_failed,
          fmt::format("merge: expected the input to be an object; got {}; write {{data: input}}",
                      json::to_string(walker.kind())));
    }
    job.out.put('{');
    bool empty = true;
    if (!put_kept(walker, job, empty)) return false;
    for (const AddedMember& member : members_) {
      if (!empty) job.out.put(',');
      empty = false;
      if (!write_all(member.value, job)) return false;
    }
    job.out.put('}');
    return true;
  }

 private:
  // The input's members that are not replaced, as they stand: whole stretches at a time.
  bool put_kept(json::Walker& walker, Job& job, bool& empty) const {
    if (!walker.enter_object()) return refuse(walker.fault(), job.input(), job);
    const char* begin = nullptr;
    const char* end = nullptr;
    const auto flush = [&] {
      if (begin == nullptr) return;
      if (!empty) job.out.put(',');
      empty = false;
      job.out.put({begin, static_cast<std::size_t>(end - begin)});
      begin = nullptr;
    };
    std::string_view key;
    std::string_view span;
    for (bool first = true; walker.next_member(first, key); first = false) {
      if (!walker.skip(span)) return refuse(walker.fault(), job.input(), job);
      if (replaced(key)) {
        flush();
        continue;
      }
      if (begin == nullptr) begin = key.data() - 1;  // with its quote
      end = span.data() + span.size();
    }
    flush();
    return true;
  }

  [[nodiscard]] bool replaced(std::string_view raw) const {
    const bool escapes = json::has_escapes(raw);
    return std::any_of(members_.begin(), members_.end(), [&](const AddedMember& member) {
      if (!escapes) return member.key == raw;
      std::string key(raw.size(), '\0');
      const auto length = json::unescape(raw, key.data());
      return length && std::string_view(key).substr(0, *length) == member.key;
    });
  }

  std::vector<AddedMember> members_;
};

}  // namespace

std::unique_ptr<Piece> input_piece() {
  return std::make_unique<InputPiece>();
}

std::unique_ptr<Piece> part_piece(const std::string& pointer) {
  auto parsed = json::parse_pointer(pointer);
  return std::make_unique<PartPiece>(
      parsed ? *std::move(parsed) : json::Pointer{});  // checked by who made the reference
}

std::unique_ptr<Piece> merge_piece(std::vector<AddedMember> members) {
  return std::make_unique<MergePiece>(std::move(members));
}

}  // namespace thalweg::encode
