#include "run/chain.h"

#include <fmt/format.h>

namespace thalweg {
namespace {

void take_null(Batch& batch, std::size_t i, OnNull policy) {
  switch (policy) {
    case OnNull::dead:
      batch.fail(
          i, Error(Code::null_value,
                   "decode: a value was expected; the record's value is null (a tombstone); set "
                   "from.on_null to drop or forward if that is meant")
                 .in_stage("decode"));
      break;
    case OnNull::drop: batch.dispose(i, Disposition::filtered); break;
    case OnNull::forward: batch.dispose(i, Disposition::forwarded); break;
  }
}

Error too_old(std::int64_t age, std::int64_t max_age) {
  return Error(Code::too_old,
               fmt::format(
                   "decode: a record of at most {} ms was expected; got one of {} ms; from.max_age "
                   "sets the bound",
                   max_age, age))
      .in_stage("decode");
}

Error too_large(std::size_t bytes, std::size_t bytes_max) {
  return Error(Code::too_large,
               fmt::format("decode: a value of at most {} bytes was expected; got {}; "
                           "from.value_bytes_max sets the bound",
                           bytes_max, bytes))
      .in_stage("decode");
}

}  // namespace

std::vector<std::string> Chain::columns() const {
  std::vector<std::string> names = decoder->schema().names();
  for (const ChainStep& step : steps) {
    const auto more = step.op->schema().names();
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

void Chain::decode(Batch& batch, Timestamp now) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const SourceRecord& record = batch.record(i);
    if (!record.value) {
      take_null(batch, i, intake.on_null);
    } else if (record.value->size() > intake.value_bytes_max) {
      batch.fail(i, too_large(record.value->size(), intake.value_bytes_max));
    } else if (intake.max_age_ms && record.timestamp.ms >= 0 &&
               now.ms - record.timestamp.ms > *intake.max_age_ms) {
      batch.fail(i, too_old(now.ms - record.timestamp.ms, *intake.max_age_ms));
    }
  }
  decoder->decode(batch);
}

}  // namespace thalweg
