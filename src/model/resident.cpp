#include "model/resident.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <malloc.h>
#include <string>
#include <sys/mman.h>
#include <vector>

namespace thalweg {
namespace {

// Smaller parts are not worth a system call.
constexpr std::size_t part_min = std::size_t{1} << 20;

struct Part {
  std::uintptr_t begin = 0, end = 0;
};

// A mapping's first line, as "7f10-7f20 r-xp 00000000 fd:00 123  /lib/libx.so" (proc(5)); false for any other line.
// `part` is empty where the mapping is no library's or may be written.
bool begins_mapping(const std::string& line, Part& part) {
  unsigned long begin = 0, end = 0, inode = 0;
  char may[5] = "";
  if (std::sscanf(line.c_str(), "%lx-%lx %4s %*x %*s %lu", &begin, &end, may, &inode) != 4)
    return false;
  const bool released = inode != 0 && may[1] == '-' && may[3] == 'p' && end - begin >= part_min;
  part = released ? Part{begin, end} : Part{};
  return true;
}

// Parts of files that may only be read, and of which no page is this process's own: neither the loader (relocations) nor a
// debugger, a profiler or a hot patch has written one, so that what lies in memory is what lies in the file.
std::vector<Part> unwritten_parts() {
  std::vector<Part> parts;
  std::ifstream smaps("/proc/self/smaps");
  Part part;
  for (std::string line; std::getline(smaps, line);) {
    if (begins_mapping(line, part) || part.end == 0 || !line.starts_with("Anonymous:")) continue;
    unsigned long kb = 1;
    if (std::sscanf(line.c_str(), "Anonymous: %lu kB", &kb) == 1 && kb == 0) parts.push_back(part);
  }
  return parts;
}

}  // namespace

void release_loading_memory() {
  ::malloc_trim(0);
  for (const Part& part : unwritten_parts())
    (void)::madvise(reinterpret_cast<void*>(part.begin), part.end - part.begin, MADV_DONTNEED);
}

}  // namespace thalweg
