#include "model/fetch_cache.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "model/files.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view coming = ".fetch-";
constexpr std::string_view going = ".gone-";
constexpr std::size_t hash_digits = 64;

std::string default_folder() {
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg != '\0')
    return std::string(xdg) + "/thalweg/models";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return std::string(home) + "/.cache/thalweg/models";
  return "/var/cache/thalweg/models";
}

int opened(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool lock(int folder, int how) {
  int result = 0;
  do {
    result = ::flock(folder, how);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

// Somebody may have renamed it between its opening and its locking.
bool is_still(const std::string& path, int folder) {
  struct stat by_name {};
  struct stat by_folder {};
  return ::stat(path.c_str(), &by_name) == 0 && ::fstat(folder, &by_folder) == 0 &&
         by_name.st_dev == by_folder.st_dev && by_name.st_ino == by_folder.st_ino;
}

std::uint64_t bytes_below(const std::string& folder) {
  std::uint64_t bytes = 0;
  each_file(folder, [&bytes](const fs::path& file) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    bytes += error ? 0 : size;
  });
  return bytes;
}

struct Kept {
  std::string path;
  std::uint64_t bytes = 0;
  fs::file_time_type used;
};

std::vector<Kept> all_kept(const std::string& folder) {
  std::vector<Kept> all;
  std::error_code error;
  for (const fs::path& entry : entries_of(folder)) {
    const std::string name = entry.filename().string();
    if (name.size() != hash_digits || !fs::is_directory(entry, error)) continue;
    if (name.find_first_not_of("0123456789abcdef") != std::string::npos) continue;
    const auto used = fs::last_write_time(entry, error);
    if (!error) all.push_back({entry.string(), bytes_below(entry.string()), used});
  }
  return all;
}

}  // namespace

CacheUse::~CacheUse() {
  ::close(folder_);  // and with it the lock
}

FetchCache::FetchCache(const std::string& folder, std::uint64_t bytes_max)
    : folder_(folder.empty() ? default_folder() : folder), bytes_max_(bytes_max) {}

std::shared_ptr<const CacheUse> FetchCache::use(const std::string& sha256) const {
  const std::string path = folder_ + "/" + sha256;
  const int folder = opened(path);
  if (folder < 0) return nullptr;
  (void)lock(folder,
             LOCK_SH);  // waits for moments: who has it alone renames it, or is about to share it
  auto used = std::make_shared<const CacheUse>(path, folder);
  if (!is_still(path, folder)) return nullptr;
  (void)::futimens(folder, nullptr);
  return used;
}

Result<std::shared_ptr<const CacheUse>> FetchCache::begin() const {
  std::error_code error;
  fs::create_directories(folder_, error);
  // Between its making and its locking somebody may take it for a leftover; not twice.
  for (int attempt = 0; attempt < 5; ++attempt) {
    std::string path = folder_ + "/" + std::string(coming) + "XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
      return Error(Code::io_failed, "cache: expected to make a folder in '" + folder_ +
                                        "'; got: " + std::strerror(errno) +
                                        "; set `cache` to a folder that may be written");
    }
    const int folder = opened(path);
    if (folder < 0) continue;
    (void)lock(folder, LOCK_EX | LOCK_NB);
    auto fresh = std::make_shared<const CacheUse>(path, folder);
    if (is_still(path, folder)) return fresh;
  }
  return Error(Code::io_failed, "cache: expected a new folder in '" + folder_ +
                                    "' to stay; somebody removes them; give the cache a folder of "
                                    "its own");
}

Result<std::shared_ptr<const CacheUse>> FetchCache::keep(
    const std::shared_ptr<const CacheUse>& fetched, const std::string& sha256) const {
  const std::string path = folder_ + "/" + sha256;
  std::error_code error;
  fs::rename(fetched->path(), path, error);
  if (error) fs::remove_all(fetched->path(), error);  // somebody was faster
  (void)lock(fetched->folder_, LOCK_UN);              // or we would wait for ourselves
  if (auto used = use(sha256)) return used;
  return Error(Code::io_failed, "cache: expected to keep a version at '" + path +
                                    "'; it is not there; is there room, and does nobody else "
                                    "remove what is in it?");
}

// Under another name first: whoever finds it in the cache finds it whole.
void FetchCache::remove(const std::string& path) const {
  std::string gone = folder_ + "/" + std::string(going) + "XXXXXX";
  std::error_code error;
  if (::mkdtemp(gone.data()) == nullptr) return;
  fs::rename(path, gone, error);  // over the empty folder
  fs::remove_all(gone, error);
}

void FetchCache::tidy_leftovers() const {
  std::error_code error;
  for (const fs::path& entry : entries_of(folder_)) {
    const std::string name = entry.filename().string();
    if (!name.starts_with(coming) && !name.starts_with(going)) continue;
    const int folder = opened(entry.string());
    if (folder < 0) continue;
    const CacheUse own(entry.string(), folder);
    if (lock(folder, LOCK_EX | LOCK_NB)) fs::remove_all(entry, error);
  }
}

void FetchCache::tidy() const {
  tidy_leftovers();
  std::vector<Kept> kept = all_kept(folder_);
  std::uint64_t all = 0;
  for (const Kept& one : kept) all += one.bytes;
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
  for (const Kept& one : kept) {
    if (all <= bytes_max_) return;
    const int folder = opened(one.path);
    if (folder < 0) continue;
    const CacheUse own(one.path, folder);
    if (!lock(folder, LOCK_EX | LOCK_NB) || !is_still(one.path, folder)) continue;
    remove(one.path);
    all -= one.bytes;
  }
}

}  // namespace thalweg
