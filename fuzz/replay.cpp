// Gives the kept inputs of a fuzzer to its code, without libFuzzer: so that every compiler and every test run has them.
//
//   replay_corpus NAME FOLDER      the files of FOLDER, and nothing at all, through fuzz/NAME_fuzz.cpp
//
// The name of a file is printed before it is given: what breaks, breaks behind its name.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

using Target = int(const std::uint8_t* data, std::size_t size);

#define THALWEG_FUZZ_TARGET(name) extern "C" Target thalweg_fuzz_##name;
#include "fuzz_targets.inc"
#undef THALWEG_FUZZ_TARGET

namespace {

Target* find(std::string_view wanted) {
#define THALWEG_FUZZ_TARGET(name) \
  if (wanted == #name) return thalweg_fuzz_##name;
#include "fuzz_targets.inc"
#undef THALWEG_FUZZ_TARGET
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  Target* const target = argc == 3 ? find(argv[1]) : nullptr;
  if (target == nullptr || !std::filesystem::is_directory(argv[2])) {
    std::fprintf(stderr, "replay_corpus: expected NAME of fuzz/NAME_fuzz.cpp and a folder\n");
    return 1;
  }
  int files = 0;
  static constexpr std::uint8_t nothing[1] = {};  // as libFuzzer: never a null pointer
  (void)target(nothing, 0);
  for (const auto& entry : std::filesystem::directory_iterator(argv[2])) {
    std::printf("%s\n", entry.path().c_str());
    std::fflush(stdout);
    std::ifstream file(entry.path(), std::ios::binary);
    // Of exactly this size: a sanitizer sees who reads behind it.
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    (void)target(bytes.empty() ? nothing : reinterpret_cast<const std::uint8_t*>(bytes.data()),
                 bytes.size());
    ++files;
  }
  std::printf("%d inputs\n", files);
  return files == 0 ? 1 : 0;  // a folder that went away is no pass
}
