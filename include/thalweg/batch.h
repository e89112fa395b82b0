// The micro-batch: the unit that flows from source to sink.
//
// A batch is the source records that had arrived when the worker came back for more, plus rows. Usually one row
// stands for one record; a recommender's event owns a hundred candidate rows; a window may own none. Batching and model
// sizes count rows; progress, dead letters and accounting count records.
//
// Every record gets exactly one disposition before the batch is finished:
//
//   pending ──▶ forwarded   at least one output was (or will be) written for it
//           ├─▶ absorbed    it went into state
//           ├─▶ filtered    a step, or `on_null: drop`, let it go
//           └─▶ dead        it cannot go on; `error` says why, and it goes to the dead letters
//
//   in == forwarded + absorbed + filtered + dead, always.
//
// Ownership: the batch owns columns, arena, outputs, and the pins that keep the broker client's payload memory alive.
// All views (keys, values, headers, string columns, outputs) are valid until `reset`.
// Threads: one worker fills it; after the features it is immutable but for dispositions and outputs, which stay the worker's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/column.h"
#include "thalweg/error.h"
#include "thalweg/ids.h"

namespace thalweg {

// Bytes with the life of a batch. Chunks are kept over `reset`: a recycled batch allocates nothing.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  // `bytes` of uninitialised memory, 8-byte aligned, with 64 readable bytes behind it.
  [[nodiscard]] char* allocate(std::size_t bytes);
  [[nodiscard]] std::string_view copy(std::string_view s);
  // Gives back the unused end of the newest allocation, which began at `p` and keeps `used` bytes.
  void shrink(char* p, std::size_t used) noexcept;
  void reset() noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept { return held_; }

 private:
  struct Chunk {
    std::unique_ptr<char[]> memory;
    std::size_t size;
  };
  std::vector<Chunk> chunks_;
  std::size_t current_ = 0;  // index of the chunk in use
  std::size_t used_ = 0;     // bytes used of it
  std::size_t held_ = 0;
};

struct Header {
  std::string_view name;
  std::optional<std::string_view> value;  // Kafka allows a null header value
};

// One message as the source gave it. All views are pinned by the batch.
struct SourceRecord {
  std::string_view topic;  // stable as long as the source lives
  Partition partition;
  Offset offset;
  Timestamp timestamp;  // ms since epoch; none: -1
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  // none: a tombstone (null value)
  std::uint32_t headers_begin = 0;        // range in Batch::headers()
  std::uint32_t headers_end = 0;
};

enum class Disposition : std::uint8_t { pending, forwarded, absorbed, filtered, dead };
[[nodiscard]] std::string_view to_string(Disposition d) noexcept;

struct OutputRecord;
// Told about each output exactly once, from any thread, also from inside Sink::send's caller. Must not block or throw.
class DeliveryListener {
 public:
  virtual ~DeliveryListener() = default;
  // failure == nullptr: acknowledged as the delivery setting demands (acks). The pointer is the one given to Sink::send.
  virtual void delivered(OutputRecord& output, const Error* failure) noexcept = 0;
};

// One message to be written. Views belong to the batch and stay valid until the delivery is reported.
struct OutputRecord {
  std::uint32_t record = 0;  // the source record it came from (index in the batch)
  std::uint16_t target = 0;  // index of the topic, as Sink::add_target numbered it
  bool dead_letter = false;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  Timestamp timestamp;
  // Two ranges, so that the input's headers are carried without being copied: first `input_headers`, then `headers`.
  std::span<const Header> input_headers;
  std::span<const Header> headers;
  DeliveryListener* listener = nullptr;
};

// A model that was asked for records of the batch, for the output header and the dead letters. Which records: Batch::saw.
struct ModelStamp {
  std::string_view model;  // stable as long as `keep` in Batch lives
  std::string_view variant;
  std::int64_t version = 0;
  std::int64_t epoch = -1;  // none: -1
};

// Where a batch's time went, for the metrics; the steps that know add to it.
struct BatchTimes {
  std::int64_t features_ns = 0;
  std::int64_t model_ns = 0;
  std::uint32_t model_calls = 0;
  std::uint32_t model_rows = 0;
};

// The rows at one grain (one per record, or one per exploded element).
struct Rows {
  std::vector<Column> columns;           // as the schema of the step says
  std::vector<std::uint32_t> record_of;  // row → record; ascending
  std::vector<std::uint32_t> selection;  // live rows, ascending; meaningful only when !all_live
  bool all_live = true;
  std::vector<std::uint32_t>
      parent_of;  // row → row of the coarser rows put aside; empty at the coarsest grain
  std::vector<Column> spare;  // emptied columns whose memory the next ones take over

  // Empties these rows and gives them the columns of `schema`: what a decoder begins with. Keeps capacity.
  void begin(const Schema& schema);
  // One more column, empty: how a step adds its result. Valid until the next one is added.
  Column& add_column(const ColumnType& type);
  // Empties everything, keeps the columns and their capacity.
  void clear() noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept;
  [[nodiscard]] std::size_t count() const noexcept { return record_of.size(); }
  [[nodiscard]] std::size_t live_count() const noexcept {
    return all_live ? record_of.size() : selection.size();
  }
  // The i-th live row.
  [[nodiscard]] std::uint32_t live(std::size_t i) const noexcept {
    return all_live ? static_cast<std::uint32_t>(i) : selection[i];
  }
};

class Batch {
 public:
  Batch() = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() { reset(); }

  // Back to empty; releases all pins; keeps capacity. The worker recycles batches through this.
  void reset() noexcept;

  // --- filled by the source ----------------------------------------------------------------------------------
  SourceRecord& add_record(const SourceRecord& record);  // also sets its disposition to pending
  void add_header(Header header) { headers_.push_back(header); }
  // Keeps the client's memory until reset, which calls release(handle). `bytes` is counted as held.
  void pin(void* handle, void (*release)(void*), std::size_t bytes);
  // Keeps anything else alive until reset (a model version, a tensor).
  void keep(std::shared_ptr<const void> thing) { kept_.push_back(std::move(thing)); }

  [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }
  [[nodiscard]] std::span<const SourceRecord> records() const noexcept { return records_; }
  [[nodiscard]] const SourceRecord& record(std::size_t i) const noexcept { return records_[i]; }
  [[nodiscard]] std::span<const Header> headers() const noexcept { return headers_; }
  [[nodiscard]] std::span<const Header> headers_of(std::size_t record) const noexcept {
    const SourceRecord& r = records_[record];
    return std::span<const Header>(headers_).subspan(r.headers_begin,
                                                     r.headers_end - r.headers_begin);
  }

  // --- rows: filled by the decoder, changed by the steps -----------------------------------------------------
  [[nodiscard]] Rows& rows() noexcept { return rows_; }
  [[nodiscard]] const Rows& rows() const noexcept { return rows_; }
  // Empty rows with the columns of `schema`, for push_rows; reuses the memory of rows given back.
  [[nodiscard]] Rows fresh_rows(const Schema& schema);
  // What pop_rows returned, when it is no longer needed.
  void give_back(Rows rows);
  // explode puts the present rows aside and starts finer ones; collect takes them back. At most a few deep.
  void push_rows(Rows finer);
  // Returns the finer rows, after restoring the coarser ones (without the records that died meanwhile).
  [[nodiscard]] Rows pop_rows();
  // Keeps only the given live rows (ascending row numbers). A pending record that had live rows and has none
  // left becomes filtered. `kept` is taken by swapping: afterwards its content is meaningless, its capacity reusable.
  void select(std::vector<std::uint32_t>&& kept);
  // Drops rows of records that are no longer pending from the selection. Steps call it once after marking failures.
  void sweep();

  // --- dispositions ------------------------------------------------------------------------------------------
  [[nodiscard]] Disposition disposition(std::size_t record) const noexcept {
    return dispositions_[record];
  }
  // Marks a record dead, whatever it was: a failure is never lost. The first one wins; later ones are ignored. Rows leave with the next sweep().
  void fail(std::size_t record, Error error);
  // Names the step that made the failures which came since the last call; empty: it was no step. The worker does it.
  void name_failures(std::string_view step);
  // Marks a pending record; others stay as they are (dead is final).
  void dispose(std::size_t record, Disposition d) noexcept;
  // Null only if the record is not dead.
  [[nodiscard]] const Error* error_of(std::size_t record) const noexcept;
  [[nodiscard]] std::size_t count(Disposition d) const noexcept;
  // The record's output was made by a fallback (`on_error: default`); says so in the output header.
  void mark_fallback(std::size_t record);
  [[nodiscard]] bool is_fallback(std::size_t record) const noexcept;

  // --- outputs -----------------------------------------------------------------------------------------------
  [[nodiscard]] std::vector<OutputRecord>& outputs() noexcept { return outputs_; }
  [[nodiscard]] const std::vector<OutputRecord>& outputs() const noexcept { return outputs_; }
  // A model was asked; `mark_seen` then says for which records. In the order of the steps. Returns its place in stamps().
  std::size_t add_stamp(const ModelStamp& stamp);
  void mark_seen(std::size_t stamp, std::size_t record) noexcept;
  [[nodiscard]] bool saw(std::size_t record, std::size_t stamp) const noexcept;
  [[nodiscard]] std::span<const ModelStamp> stamps() const noexcept { return stamps_; }

  [[nodiscard]] BatchTimes& times() noexcept { return times_; }  // reset() zeroes it
  [[nodiscard]] Arena& arena() noexcept { return arena_; }
  // Everything this batch holds in memory: pinned payloads, arena, columns.
  [[nodiscard]] std::size_t bytes() const noexcept;
  [[nodiscard]] std::size_t pinned_bytes() const noexcept { return pinned_bytes_; }

 private:
  struct Pin {
    void* handle;
    void (*release)(void*);
  };
  struct Failure {
    std::uint32_t record;
    Error error;
    bool named = false;
  };
  [[nodiscard]] std::size_t words_a_stamp() const noexcept { return (records_.size() + 63) / 64; }

  std::vector<SourceRecord> records_;
  std::vector<Header> headers_;
  std::vector<Disposition> dispositions_;
  std::vector<Failure> failures_;  // by record, ascending
  bool unnamed_failures_ = false;
  std::vector<std::uint32_t> fallback_records_;  // ascending
  Rows rows_;
  std::vector<Rows> coarser_;
  std::vector<Rows> spare_rows_;
  std::vector<OutputRecord> outputs_;
  std::vector<ModelStamp> stamps_;
  std::vector<std::uint64_t> seen_;  // a bit a record, the words of one stamp after the other's
  std::vector<Pin> pins_;
  std::vector<std::shared_ptr<const void>> kept_;
  std::size_t pinned_bytes_ = 0;
  bool swept_ = true;
  BatchTimes times_;
  Arena arena_;
};

}  // namespace thalweg
