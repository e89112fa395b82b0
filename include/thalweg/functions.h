// Functions of the application as operators: what Stream::filter, map, add and batch are made of.
//
// The function's argument type is read off its signature (a lambda with one concrete parameter). Functions are copied to each worker
// and called on its thread: what they share they must guard themselves. An exception, or an Error returned, makes the record
// a dead letter with code handler_failed; it never stops the stream.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "thalweg/ports.h"
#include "thalweg/record.h"
#include "thalweg/registry.h"

namespace thalweg {

// The parameter and result of a callable with exactly one parameter.
template <class F>
struct FunctionTraits : FunctionTraits<decltype(&F::operator())> {};
template <class C, class R, class A>
struct FunctionTraits<R (C::*)(A) const> {
  using Argument = std::remove_cvref_t<A>;
  using Return = R;
};
template <class C, class R, class A>
struct FunctionTraits<R (C::*)(A)> : FunctionTraits<R (C::*)(A) const> {};
template <class R, class A>
struct FunctionTraits<R (*)(A)> {
  using Argument = std::remove_cvref_t<A>;
  using Return = R;
};

template <class T>
struct UnwrapResult {
  using type = T;
};
template <class T>
struct UnwrapResult<Result<T>> {
  using type = T;
};

// Calls f and turns an exception into an error. `Out` is f's result without a Result around it.
template <class Out, class F, class T>
[[nodiscard]] Result<Out> call_guarded(F& f, const T& record) {
  try {
    return f(record);
  } catch (const std::exception& e) {
    return Error(Code::handler_failed,
                 std::string("the application's function failed: ") + e.what())
        .in_stage("process");
  } catch (...) {
    return Error(Code::handler_failed,
                 "the application's function threw something that is no std::exception")
        .in_stage("process");
  }
}

// Keeps the rows for which f says true.
template <class F>
class FilterFunction final : public Operator {
 public:
  using Record = typename FunctionTraits<F>::Argument;

  static Result<std::unique_ptr<Operator>> make(const F& f, const OperatorContext& context) {
    auto reader = RecordReader<Record>::bind(*context.input, context.where);
    if (!reader) return std::move(reader).error();
    return std::unique_ptr<Operator>(
        new FilterFunction(f, std::move(reader).value(), *context.input));
  }
  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }
  [[nodiscard]] Progress process(Batch& batch, const Resume&) override {
    const Rows& rows = batch.rows();
    std::vector<std::uint32_t> kept;
    kept.reserve(rows.live_count());
    for (std::size_t i = 0; i < rows.live_count(); ++i) {
      const std::uint32_t row = rows.live(i);
      auto keep = call_guarded<bool>(function_, reader_.read(rows, row));
      if (!keep) {
        batch.fail(rows.record_of[row], std::move(keep).error());
      }
      // A failed row stays until the sweep, so that its record counts as dead and not as filtered.
      if (!keep || *keep) kept.push_back(row);
    }
    batch.select(std::move(kept));
    batch.sweep();
    return Progress::done;
  }
  [[nodiscard]] std::string describe() const override { return "a function of the application"; }

 private:
  FilterFunction(F f, RecordReader<Record> reader, Schema schema)
      : function_(std::move(f)), reader_(std::move(reader)), schema_(std::move(schema)) {}
  F function_;
  RecordReader<Record> reader_;
  Schema schema_;
};

// What a function makes becomes the row (replace), or stands beside what is there (append).
enum class MapMode : std::uint8_t { replace, append };

template <class F>
class MapFunction final : public Operator {
 public:
  using Record = typename FunctionTraits<F>::Argument;
  using Made = typename UnwrapResult<typename FunctionTraits<F>::Return>::type;

  static Result<std::unique_ptr<Operator>> make(const F& f, MapMode mode,
                                                const OperatorContext& context) {
    auto reader = RecordReader<Record>::bind(*context.input, context.where);
    if (!reader) return std::move(reader).error();
    Schema schema = mode == MapMode::append ? *context.input : Schema{};
    for (Field& field : schema_of<Made>().fields) {
      if (schema.find(field.name)) {
        return Error(Code::config_invalid,
                     std::string(context.where) + ": a new field was expected; there is a field '" +
                         field.name + "' already; name it otherwise, or use map");
      }
      schema.fields.push_back(std::move(field));
    }
    const std::size_t kept = mode == MapMode::append ? context.input->fields.size() : 0;
    return std::unique_ptr<Operator>(
        new MapFunction(f, std::move(reader).value(), std::move(schema), kept));
  }
  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }
  [[nodiscard]] Progress process(Batch& batch, const Resume&) override {
    Rows& rows = batch.rows();
    std::vector<Column> made;
    for (std::size_t i = kept_; i < schema_.fields.size(); ++i) {
      made.emplace_back(schema_.fields[i].type).reserve(rows.count());
    }
    std::size_t next_live = 0;
    for (std::uint32_t row = 0; row < rows.count(); ++row) {
      const bool live = next_live < rows.live_count() && rows.live(next_live) == row;
      if (!live || !write_row(batch, row, made))
        write_record(std::span(made), Made{}, batch.arena());  // keeps rows aligned
      if (live) ++next_live;
    }
    rows.columns.resize(kept_);
    for (Column& column : made) rows.columns.push_back(std::move(column));
    batch.sweep();
    return Progress::done;
  }
  [[nodiscard]] std::string describe() const override { return "a function of the application"; }

 private:
  MapFunction(F f, RecordReader<Record> reader, Schema schema, std::size_t kept)
      : function_(std::move(f)),
        reader_(std::move(reader)),
        schema_(std::move(schema)),
        kept_(kept) {}
  bool write_row(Batch& batch, std::uint32_t row, std::vector<Column>& made) {
    auto out = call_guarded<Made>(function_, reader_.read(batch.rows(), row));
    if (out) write_record(std::span(made), *out, batch.arena());
    if (!out) batch.fail(batch.rows().record_of[row], std::move(out).error());
    return out.ok();
  }
  F function_;
  RecordReader<Record> reader_;
  Schema schema_;
  std::size_t kept_;
};

// A function that sees the whole batch: live rows, columns, records. It may change columns in place, fail records and select rows; it
// must leave the columns as the schema says. An error returned concerns all of it: the worker tries again or stops.
using BatchFunction = std::function<Status(Batch& batch, const Schema& schema)>;
[[nodiscard]] std::unique_ptr<Operator> make_batch_operator(BatchFunction function,
                                                            const Schema& schema);

}  // namespace thalweg
