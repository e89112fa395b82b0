#include "run/outputs.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <span>

namespace thalweg {
namespace {

// Appends to a piece of arena memory that is known to be large enough.
class Appender {
 public:
  explicit Appender(char* at) : begin_(at), at_(at) {}
  Appender& operator<<(std::string_view s) {
    std::memcpy(at_, s.data(), s.size());
    at_ += s.size();
    return *this;
  }
  Appender& operator<<(std::int64_t n) {
    at_ = std::to_chars(at_, at_ + 20, n).ptr;
    return *this;
  }
  [[nodiscard]] std::string_view text() const {
    return {begin_, static_cast<std::size_t>(at_ - begin_)};
  }

 private:
  char* begin_;
  char* at_;
};

std::size_t header_bound(const Batch& batch, const SourceRecord& record) {
  std::size_t bound = 64 + record.topic.size();  // "id=", two numbers, ",fallback=1"
  for (const ModelStamp& s : batch.stamps()) bound += 80 + s.model.size() + s.variant.size();
  return bound;
}

std::string_view header_text(Batch& batch, std::size_t index) {
  const SourceRecord& record = batch.record(index);
  char* memory = batch.arena().allocate(header_bound(batch, record));
  Appender out(memory);
  out << "id=" << record.topic << "-" << record.partition.value << "-" << record.offset.value;
  // The stamps are the batch's: a tombstone, or a record without rows, saw none of them, and of a model and the one that stands
  // in for it most records saw one.
  for (std::size_t i = 0; i < batch.stamps().size(); ++i) {
    if (!batch.saw(index, i)) continue;
    const ModelStamp& stamp = batch.stamps()[i];
    out << ",model=" << stamp.model << ",version=" << stamp.version;
    if (!stamp.variant.empty()) out << ",variant=" << stamp.variant;
    if (stamp.epoch >= 0) out << ",epoch=" << stamp.epoch;
  }
  if (batch.is_fallback(index)) out << ",fallback=1";
  batch.arena().shrink(memory, out.text().size());
  return out.text();
}

std::span<Header> allocate_headers(Batch& batch, std::size_t count) {
  char* memory = batch.arena().allocate(count * sizeof(Header));
  auto* headers = reinterpret_cast<Header*>(memory);
  for (std::size_t i = 0; i < count; ++i) new (headers + i) Header{};
  return {headers, count};
}

// Without an older header of our name, which a pipeline before this one may have put.
std::span<const Header> carried_headers(Batch& batch, std::size_t record) {
  const auto all = batch.headers_of(record);
  const auto ours = [](const Header& h) { return h.name == output_header_name; };
  const auto count = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), ours));
  if (count == 0) return all;
  auto kept = allocate_headers(batch, all.size() - count);
  std::copy_if(all.begin(), all.end(), kept.begin(), [&](const Header& h) { return !ours(h); });
  return kept;
}

void add_tombstone(const Output& output, Batch& batch, std::size_t record) {
  OutputRecord out;
  out.record = static_cast<std::uint32_t>(record);
  out.target = output.target;
  if (!output.without_key) out.key = batch.record(record).key;
  out.timestamp = batch.record(record).timestamp;
  write_headers(batch, record, output.carry_headers, out);
  batch.outputs().push_back(out);
}

bool is_forwarded_null(const Batch& batch, std::size_t record) {
  return !batch.record(record).value && batch.disposition(record) == Disposition::forwarded;
}

}  // namespace

void write_headers(Batch& batch, std::size_t record, bool carry, OutputRecord& output) {
  if (carry) output.input_headers = carried_headers(batch, record);
  auto ours = allocate_headers(batch, 1);
  ours[0] = {output_header_name, header_text(batch, record)};
  output.headers = ours;
}

void OutputStage::encode_row(const Output& output, Batch& batch, std::uint32_t row) const {
  const std::uint32_t record = batch.rows().record_of[row];
  auto value = output.value->encode(batch, row);
  if (!value) {
    batch.fail(record, std::move(value).error().in_stage("encode"));
    return;
  }
  OutputRecord out;
  out.record = record;
  out.target = output.target;
  out.value = *value;
  out.timestamp = batch.record(record).timestamp;
  if (output.key) {
    auto key = output.key->encode(batch, row);
    if (!key) {
      batch.fail(record, std::move(key).error().in_stage("encode"));
      return;
    }
    out.key = *key;
  } else if (!output.without_key) {
    out.key = batch.record(record).key;
  }
  write_headers(batch, record, output.carry_headers, out);
  batch.outputs().push_back(out);
}

void OutputStage::encode_one(const Output& output, Batch& batch) const {
  const Rows& rows = batch.rows();
  std::size_t next_null = 0;  // tombstones keep their place among the records
  const auto nulls_before = [&](std::size_t record) {
    for (; next_null < record; ++next_null) {
      if (!output.when && is_forwarded_null(batch, next_null))
        add_tombstone(output, batch, next_null);
    }
  };
  for (std::size_t i = 0; i < rows.live_count(); ++i) {
    const std::uint32_t row = rows.live(i);
    nulls_before(rows.record_of[row]);
    if (batch.disposition(rows.record_of[row]) == Disposition::dead) continue;
    if (!output.when || output.when->test(rows, row)) encode_row(output, batch, row);
  }
  nulls_before(batch.size());
}

void OutputStage::encode(Batch& batch) {
  for (const Output& output : outputs_) encode_one(output, batch);
  auto& outputs = batch.outputs();
  // A record that failed in a later output must not have been half-written by an earlier one.
  if (batch.count(Disposition::dead) > 0) {
    std::erase_if(outputs, [&](const OutputRecord& o) {
      return batch.disposition(o.record) == Disposition::dead;
    });
  }
  for (const OutputRecord& o : outputs) batch.dispose(o.record, Disposition::forwarded);
  for (std::size_t i = 0; i < batch.size(); ++i) batch.dispose(i, Disposition::filtered);
  if (log_ != nullptr) log_->append(batch);
}

}  // namespace thalweg
