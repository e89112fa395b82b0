// What loading needed and answering does not is given back, and nothing that is still needed is lost.
#include "model/resident.h"

#include <cstdio>
#include <fstream>
#include <functional>
#include <locale>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "model/calls.h"
#include "model/native.h"

namespace thalweg {
namespace {

using calls::entry;

double resident_mb() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// The loader wrote the addresses of these into the library's own memory.
TEST(Resident, What_the_loader_has_written_stays) {
  const std::string before = std::locale::classic().name();
  release_loading_memory();
  EXPECT_EQ(std::locale::classic().name(), before);
  const std::function<double(double)> function = [](double x) { return x + 1; };
  EXPECT_EQ(function(1), 2);
  EXPECT_THROW(throw std::runtime_error("unwinding reads constants of the library"),
               std::runtime_error);
}

// As a debugger's breakpoint, or code that was corrected for its address.
TEST(Resident, A_mapping_with_a_page_of_the_process_s_own_is_left_alone) {
  constexpr std::size_t bytes = 4 << 20;
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(::ftruncate(::fileno(file), bytes), 0);
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, ::fileno(file), 0);
  ASSERT_NE(at, MAP_FAILED);
  auto* const byte = static_cast<unsigned char*>(at) + bytes / 2;
  *byte = 0xCC;
  ASSERT_EQ(::mprotect(at, bytes, PROT_READ), 0);
  release_loading_memory();
  EXPECT_EQ(*byte, 0xCC);
  ::munmap(at, bytes);
  std::fclose(file);
}

TEST(ResidentNative, A_model_that_was_loaded_holds_less_than_half_and_answers_the_same) {
  THALWEG_NEEDS_TENSORFLOW;
  const std::string folder = golden::folder("dense_784_10");
  const auto golden = golden::read(folder + "/golden.json");
  auto handle = calls::open(
      entry({{"path", folder}, {"runtime", "tensorflow"}, {"warm_up", "off"}, {"version", "1"}}));
  ASSERT_TRUE(handle.ok()) << handle.error().message();
  const auto version = (*handle)->current();
  const auto& expected = golden.cases.front();
  const auto answers = [&] {
    auto result = calls::call(*version, expected.inputs);
    ASSERT_TRUE(result.ok()) << result.error().message();
    const std::string& name = version->signature.outputs[0].name;
    EXPECT_EQ(golden::difference((*result)[0], expected.outputs.at(name), 1e-5), "");
  };
  answers();
  const double loaded = resident_mb();
  if (loaded < 200)
    GTEST_SKIP() << "what loading needed was given back before, by another test of this process";
  release_loading_memory();
  answers();
  const double kept = resident_mb();
  std::printf("resident: %.0f MB when loaded, %.0f MB when the rest was given back\n", loaded,
              kept);
  EXPECT_LT(kept, loaded / 2);
}

}  // namespace
}  // namespace thalweg
