#include "run/crash_journal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/mman.h>
#include <type_traits>
#include <unistd.h>

#include <fmt/format.h>

namespace thalweg {

struct CrashJournal::File {
  std::uint64_t mark;  // what and which version; the last to be written
  std::uint32_t sentenced_in_a_row;
  std::uint32_t unused[13];
  std::array<Entry, 1024> entries;
};

namespace {

constexpr std::uint64_t our_mark = 0x3130'7761'6c68'74ULL;  // "thalw01"

Error io_error(const std::string& path, const char* what, int error) {
  return Error(Code::io_failed,
               fmt::format("state_directory: {}: expected to {}; got {}; check the directory, its "
                           "owner and its room",
                           path, what, std::strerror(error)));
}

std::string path_of(const std::string& directory, const std::string& pipeline, std::size_t worker) {
  return fmt::format("{}/{}-{}.inside", directory, pipeline, worker);
}

bool makes_sense(const CrashJournal::Entry& e) noexcept {
  using State = CrashJournal::State;
  return (e.state == State::inside || e.state == State::suspect) && e.partition >= 0 &&
         e.first >= 0 && e.first <= e.last && e.topic_size > 0 && e.topic_size < sizeof e.topic;
}

}  // namespace

Result<std::unique_ptr<CrashJournal>> CrashJournal::open(const std::string& directory,
                                                         const std::string& pipeline,
                                                         std::size_t worker) {
  static_assert(std::is_trivially_copyable_v<File> && sizeof(Entry) % 8 == 0);
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  const std::string path = path_of(directory, pipeline, worker);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return io_error(path, "open the file", errno);
  std::unique_ptr<CrashJournal> journal(new CrashJournal(path, fd, nullptr));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_error(path, "lock the file", errno);
    return Error(Code::config_invalid,
                 fmt::format("state_directory: {}: expected to be its only user; another process "
                             "holds it; give each process of pipeline '{}' a directory of its own",
                             path, pipeline));
  }
  if (const int error = ::posix_fallocate(fd, 0, sizeof(File)); error != 0)
    return io_error(path, "take the room for the file", error);
  void* at = ::mmap(nullptr, sizeof(File), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return io_error(path, "map the file", errno);
  journal->file_ = static_cast<File*>(at);
  journal->take_over();
  return journal;
}

bool CrashJournal::is_there(const std::string& directory, const std::string& pipeline,
                            std::size_t worker) {
  std::error_code none;
  return std::filesystem::exists(path_of(directory, pipeline, worker), none);
}

CrashJournal::~CrashJournal() {
  if (file_ != nullptr) ::munmap(file_, sizeof(File));
  ::close(fd_);
}

// What makes no sense was never written by us: a new file, or what a machine left that lost its power.
void CrashJournal::take_over() noexcept {
  if (file_->mark != our_mark) {
    std::memset(static_cast<void*>(file_), 0, sizeof(File));
    __atomic_store_n(&file_->mark, our_mark, __ATOMIC_RELEASE);
    return;
  }
  std::size_t suspects = 0;
  for (Entry& e : file_->entries) {
    if (!makes_sense(e)) {
      e.state = State::free;
      continue;
    }
    e.state = State::suspect;
    ++suspects;
  }
  // Half of the room is for what will be inside; the longest kept are likely to be of partitions that went elsewhere.
  for (Entry& e : file_->entries) {
    if (suspects <= file_->entries.size() / 2) break;
    if (e.state != State::suspect) continue;
    e.state = State::free;
    --suspects;
  }
  for (std::size_t i = 0; i < file_->entries.size(); ++i) {
    if (file_->entries[i].state != State::free) used_ = i + 1;
  }
}

std::span<CrashJournal::Entry> CrashJournal::entries() noexcept {
  return std::span(file_->entries).first(used_);
}

CrashJournal::Entry* CrashJournal::add(State state, std::string_view topic, Partition partition,
                                       Offset first, Offset last) noexcept {
  if (topic.size() >= sizeof Entry{}.topic) return nullptr;
  const auto all = std::span(file_->entries);
  std::size_t place = 0;
  while (place < all.size() && state_of(all[place]) != State::free) ++place;
  if (place == all.size()) return nullptr;
  used_ = std::max(used_, place + 1);
  Entry& e = all[place];
  e.partition = partition.value;
  e.first = first.value;
  e.last = last.value;
  e.batch = 0;
  e.tries = e.step = e.sentenced = 0;
  e.topic_size = static_cast<std::uint32_t>(topic.size());
  std::memcpy(e.topic, topic.data(), topic.size());
  store_in_order(e.state, state);
  return &e;
}

void CrashJournal::cross_out(Entry& entry) noexcept {
  store_in_order(entry.state, State::free);
}

std::uint32_t CrashJournal::sentenced_in_a_row() const noexcept {
  return __atomic_load_n(&file_->sentenced_in_a_row, __ATOMIC_RELAXED);
}

void CrashJournal::set_sentenced_in_a_row(std::uint32_t number) noexcept {
  __atomic_store_n(&file_->sentenced_in_a_row, number, __ATOMIC_RELAXED);
}

}  // namespace thalweg
