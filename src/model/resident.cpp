#include "model/resident.h"

#include <cstdint>
#include <fstream>
#include <link.h>
#include <malloc.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace thalweg {
namespace {

// Smaller parts are not worth a system call.
constexpr std::size_t part_min = std::size_t{1} << 20;

bool is_traced() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("TracerPid:")) return line.find_first_of("123456789") != std::string::npos;
  }
  return false;
}

// Code that was corrected for its address when it was loaded is not the file's any more. Hardly any library has such.
bool has_text_relocations(const dl_phdr_info& library) {
  for (int i = 0; i < library.dlpi_phnum; ++i) {
    const auto& part = library.dlpi_phdr[i];
    if (part.p_type != PT_DYNAMIC) continue;
    const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(library.dlpi_addr + part.p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_TEXTREL) return true;
      if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0) return true;
    }
  }
  return false;
}

int release_library(dl_phdr_info* library, std::size_t, void*) {
  if (has_text_relocations(*library)) return 0;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < library->dlpi_phnum; ++i) {
    const auto& part = library->dlpi_phdr[i];
    // What the loader writes to, if only once (RELRO), lies in parts that may be written.
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0 || part.p_filesz < part_min) continue;
    const std::uintptr_t begin = (library->dlpi_addr + part.p_vaddr + page - 1) & ~(page - 1);
    const std::uintptr_t end = (library->dlpi_addr + part.p_vaddr + part.p_filesz) & ~(page - 1);
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void release_loading_memory() {
  ::malloc_trim(0);
  if (!is_traced()) ::dl_iterate_phdr(release_library, nullptr);
}

}  // namespace thalweg
