// A store in memory: for tests, and for state that may be rebuilt from its changelog.
//
// Writes of the open transaction live in an overlay, which commit() moves into the map and abort() forgets. So an aborted
// batch leaves no trace, and reads inside it see its own writes.
//
// One task's thread only. A write outside a transaction is a mistake of ours: Code::internal.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "thalweg/ports.h"

namespace thalweg {

class MemoryStore final : public Store {
 public:
  // REQUIRES no open transaction.
  void begin() override;
  [[nodiscard]] Status commit(Offset changelog) override;
  void abort() noexcept override;
  [[nodiscard]] Result<std::optional<std::string_view>> get(std::string_view key) override;
  [[nodiscard]] Status put(std::string_view key, std::string_view value) override;
  [[nodiscard]] Status erase(std::string_view key) override;
  [[nodiscard]] Offset changelog() const noexcept override { return changelog_; }

  // Committed keys.
  [[nodiscard]] std::size_t size() const noexcept { return committed_.size(); }
  [[nodiscard]] bool open() const noexcept { return open_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept {
      return std::hash<std::string_view>{}(s);
    }
  };
  template <class V>
  using Map = std::unordered_map<std::string, V, Hash, std::equal_to<>>;

  [[nodiscard]] Status write(std::string_view key, std::optional<std::string_view> value);

  Map<std::string> committed_;
  Map<std::optional<std::string>> overlay_;  // none: erased in this transaction
  Offset changelog_;
  bool open_ = false;
};

}  // namespace thalweg
