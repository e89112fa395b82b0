#include "cli/publish_view.h"

#include <chrono>
#include <filesystem>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/command.h"
#include "config/json_text.h"

namespace thalweg::cli {
namespace {

namespace fs = std::filesystem;

// One line, drawn again; only for people, and only when it takes long enough to wonder.
void show_progress(std::uint64_t done, std::uint64_t all) {
  using Clock = std::chrono::steady_clock;
  static const auto began = Clock::now();
  static auto shown = began;
  const auto now = Clock::now();
  if (::isatty(STDERR_FILENO) == 0 || now - began < std::chrono::milliseconds(500)) return;
  if (now - shown < std::chrono::milliseconds(100) && done < all) return;
  shown = now;
  fmt::print(stderr, "\rcopied {} of {} MB{}", done >> 20, all >> 20, done == all ? "\n" : "");
}

void print(const Published& done, bool json) {
  const std::string uri =
      fmt::format("file://{}#sha256={}", fs::absolute(done.path).lexically_normal().string(),
                  done.manifest_sha256);
  if (json) {
    fmt::print(
        "{{\"version\":{},\"path\":{},\"uri\":{},\"bytes\":{},\"golden_rows\":{},\"features_"
        "sha256\":"
        "{},\"tried\":{}}}\n",
        done.version, config::json_string(done.path), config::json_string(uri), done.bytes,
        done.golden_rows, config::json_string(done.features_sha256), done.untried.empty());
    return;
  }
  fmt::print("version {} is published: {}\n  {}\n", done.version, done.path, uri);
  if (done.golden_rows > 0) fmt::print("  {} golden rows are reproduced\n", done.golden_rows);
  if (!done.features_sha256.empty())
    fmt::print("  it takes traffic only with features that hash to {}\n", done.features_sha256);
  if (!done.untried.empty()) fmt::print("  not tried: {}\n", done.untried);
}

}  // namespace

void PublishWords::declare(Command& command) {
  command.add_option("--version", version, "publish: the number; if absent, one above the highest")
      .type_name("N")
      .not_negative();
  command
      .add_option("--golden", wanted.golden,
                  "publish: rows with their answers, which every process asks before it serves")
      .type_name("FILE");
  command
      .add_option("--tolerance", wanted.tolerance,
                  "publish: how far a golden answer may be off, relative to it above 1")
      .type_name("X");
  command.add_option("--baseline", wanted.baseline, "publish: statistics of training rows")
      .type_name("FILE");
}

Result<Published> PublishWords::run(const std::string& from, bool json) {
  wanted.from = from;
  wanted.progress = show_progress;
  if (version >= 0) wanted.version = version;
  auto done = publish(wanted, builtins());
  if (done) print(*done, json);
  return done;
}

}  // namespace thalweg::cli
