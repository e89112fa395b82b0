// Errors and results: the one way a failure travels through Thalweg.
//
// Every failure has a code, and every code two axes that the engine reads to decide what happens next:
//
//   domain   whose fault: user (the record, the file, the settings), external (broker, disk, model
//            server), internal (ours, or a model that broke)
//   retry    what to do: no (this record cannot go on), backoff (try again later), fatal (stop)
//
// So "dead letter, retry or stop" is looked up, never guessed (ARCHITECTURE.md, "When something fails").
// Messages follow one grammar: where: what was expected; got what; try this.
//
// Thread-safe: values without shared state. Nothing here blocks. Nothing throws but `value()` misuse (aborts).
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace thalweg {

enum class Domain : std::uint8_t { user, external, internal };
enum class Retry : std::uint8_t { no, backoff, fatal };

// name, domain, retry, one sentence for the docs. The names are API: they stand in dead letters and metrics.
#define THALWEG_ERROR_CODES(X)                                                                    \
  X(null_value, user, no, "The record has no value and `on_null` is `dead`.")                     \
  X(not_json, user, no, "The value is not JSON, or is cut off.")                                  \
  X(not_utf8, user, no, "A string is not valid UTF-8.")                                           \
  X(too_deep, user, no, "The JSON is nested deeper than the decoder accepts.")                    \
  X(too_large, user, no, "The value is larger than `value_bytes_max`.")                           \
  X(confluent_framed, user, no,                                                                   \
    "The value begins with a schema registry frame, which `format` does not name.")               \
  X(missing_field, user, no, "A required field is absent or null.")                               \
  X(wrong_type, user, no, "A field has another type than declared.")                              \
  X(wrong_length, user, no, "An array, or the whole value, has another length than declared.")    \
  X(out_of_range, user, no, "A number does not fit the declared type.")                           \
  X(nonfinite, user, no, "A NaN or an infinity where `nonfinite: dead` forbids it.")              \
  X(no_rows, user, no, "The array to explode is empty and `on_empty` is `dead`.")                 \
  X(feature_failed, user, no, "A feature step refused the row.")                                  \
  X(invalid_model_input, user, no, "The model refuses this row, alone and in company.")           \
  X(handler_failed, user, no, "A function of the application refused the record.")                \
  X(too_old, user, no, "The record is older than `max_age`.")                                     \
  X(encode_failed, user, no, "The output could not be written in the format asked for.")          \
  X(output_refused, user, no,                                                                     \
    "The broker, or its client, refuses this one output (too large, for example).")               \
  X(crashed_process, user, no,                                                                    \
    "The process ended, twice, while this record was alone inside its steps.")                    \
  X(config_invalid, user, fatal, "The configuration is wrong.")                                   \
  X(model_missing, user, fatal, "The model's directory is missing or holds no complete version.") \
  X(model_invalid, user, fatal, "The model cannot be loaded: not a model, or broken.")            \
  X(signature_mismatch, user, fatal,                                                              \
    "The model's signature and what the pipeline feeds or reads do not fit.")                     \
  X(too_many_dead, user, fatal, "More than `errors.dead_share_max` of the records cannot go on.") \
  X(topic_missing, user, fatal, "A topic does not exist and may not be created.")                 \
  X(topic_unauthorized, external, fatal, "The broker denies access to a topic or group.")         \
  X(offset_out_of_range, external, fatal, "The committed offset is no longer in the topic.")      \
  X(broker_unreachable, external, backoff, "No broker answers.")                                  \
  X(broker_refused, external, fatal,                                                              \
    "The broker refuses the client for good (authentication, protocol).")                         \
  X(delivery_failed, external, backoff, "An output could not be delivered yet.")                  \
  X(queue_full, external, backoff, "The client's queue is full; drain it and try again.")         \
  X(dead_letters_unwritable, external, fatal,                                                     \
    "A dead letter could not be written; going on would lose it.")                                \
  X(io_failed, external, fatal, "A file or a socket could not be read or written.")               \
  X(timed_out, external, backoff, "Something did not answer in time.")                            \
  X(runtime_missing, external, fatal, "The library of a model runtime is not installed.")         \
  X(model_unavailable, external, backoff, "A model cannot answer now.")                           \
  X(model_failed, internal, backoff, "The model failed, and not because of one row.")             \
  X(model_hung, internal, fatal, "A model call did not return in the time set.")                  \
  X(stopped, external, fatal, "Stopped on request.")                                              \
  X(internal, internal, fatal, "A mistake in Thalweg: please report it.")

enum class Code : std::uint8_t {
#define THALWEG_CODE_ENUM(name, domain, retry, doc) name,
  THALWEG_ERROR_CODES(THALWEG_CODE_ENUM)
#undef THALWEG_CODE_ENUM
};

[[nodiscard]] std::string_view to_string(Code code) noexcept;
[[nodiscard]] std::string_view to_string(Domain domain) noexcept;
[[nodiscard]] std::string_view to_string(Retry retry) noexcept;
[[nodiscard]] Domain domain_of(Code code) noexcept;
[[nodiscard]] Retry retry_of(Code code) noexcept;
[[nodiscard]] std::string_view doc_of(Code code) noexcept;
[[nodiscard]] std::optional<Code> code_from(std::string_view name) noexcept;

// One failure. Cheap to move; copied only on the unhappy way.
class Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] Code code() const noexcept { return code_; }
  [[nodiscard]] Domain domain() const noexcept { return domain_of(code_); }
  [[nodiscard]] Retry retry() const noexcept { return retry_of(code_); }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  // The stage that reported it ("decode", "infer", …), empty until a stage puts its name.
  [[nodiscard]] const std::string& stage() const noexcept { return stage_; }

  // The step that reported it, by its name; empty where it was none (decode, encode, sink).
  [[nodiscard]] const std::string& step() const noexcept { return step_; }

  // Puts `where` in front of the message: "where: message".
  [[nodiscard]] Error at(std::string_view where) && {
    message_.insert(0, ": ").insert(0, where);
    return std::move(*this);
  }
  [[nodiscard]] Error in_stage(std::string stage) && {
    stage_ = std::move(stage);
    return std::move(*this);
  }
  [[nodiscard]] Error in_step(std::string_view step) && {
    step_ = step;
    return std::move(*this);
  }

 private:
  Code code_;
  std::string message_;
  std::string stage_;
  std::string step_;
};

// A value or an error. REQUIRES ok() before value(), !ok() before error(): otherwise the program aborts,
// since reading the wrong half is a mistake of ours, not of the input.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] T& value() & { return *checked(std::get_if<0>(&state_)); }
  [[nodiscard]] const T& value() const& { return *checked(std::get_if<0>(&state_)); }
  [[nodiscard]] T&& value() && { return std::move(*checked(std::get_if<0>(&state_))); }
  [[nodiscard]] Error& error() & { return *checked(std::get_if<1>(&state_)); }
  [[nodiscard]] const Error& error() const& { return *checked(std::get_if<1>(&state_)); }
  [[nodiscard]] Error&& error() && { return std::move(*checked(std::get_if<1>(&state_))); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  template <class P>
  static P* checked(P* p) {
    if (p == nullptr) std::abort();
    return p;
  }
  std::variant<T, Error> state_;
};

// Success, or an error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design
  [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] Error& error() & { return *checked(); }
  [[nodiscard]] const Error& error() const& { return *const_cast<Result*>(this)->checked(); }
  [[nodiscard]] Error&& error() && { return std::move(*checked()); }

 private:
  Error* checked() {
    if (!error_) std::abort();
    return &*error_;
  }
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace thalweg
