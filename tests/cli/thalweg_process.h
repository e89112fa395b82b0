// The built binary as users run it: arguments in, exit code and both streams out.
#pragma once

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace thalweg::test {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// A folder that is gone with the test.
class Folder {
 public:
  Folder() {
    static std::atomic<int> next{0};
    path_ = std::filesystem::temp_directory_path() /
            ("thalweg-cli-" + std::to_string(::getpid()) + "-" + std::to_string(next++));
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string read(const std::string& name) const { return read_file(path_ / name); }

 private:
  std::filesystem::path path_;
};

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

inline std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

inline Ran run_thalweg(const std::vector<std::string>& arguments, const std::string& input = "") {
  const Folder folder;
  const std::string in = folder.write("in", input);
  std::string command = shell_quoted(THALWEG_BINARY_DIR "/thalweg");
  for (const std::string& argument : arguments) command += " " + shell_quoted(argument);
  command += " < " + in + " > " + folder.path("out") + " 2> " + folder.path("err");
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), folder.read("out"),
          folder.read("err")};
}

// A pipeline without files: its model adds up two numbers.
inline constexpr const char* sum_pipeline = R"(
pipeline: sums
models: { adder: { runtime: fake, inputs: { x: "float32[?,2]" }, outputs: { y: "float32[?]" } } }
from: { topic: numbers, start: earliest, fields: { id: string, x: "float32[2]" } }
steps:
  - filter: { field: x, index: 0, above: 0 }
  - infer: { model: adder, outputs: { y: sum } }
to: { topic: sums, value: { id: id, sum: sum } }
)";

}  // namespace thalweg::test
