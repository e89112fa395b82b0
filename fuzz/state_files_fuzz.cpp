// Any bytes as what a state directory keeps: the control log of a single process, its last word, and the process's id.
//
// The bytes are cut at NULs into the three files. What was read can be written, and what is written is read again, in order.
#include "control/file_log.h"
#include "fuzz/input.h"
#include "run/process_id.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using fuzz::require;
  static const fuzz::Folder folder("state");
  fuzz::Parts parts(data, size);
  folder.write("p.control.jsonl", parts.next());
  folder.write("p.process.json", parts.next());
  folder.write("p.process-id", parts.rest());

  control::FileLog log(folder.path(), "p");
  require(log.open().ok());
  const auto entries = log.read_to_end();
  const auto epoch = log.append("p/m", "value");
  require(epoch.ok() == entries.ok());
  if (epoch) {
    // The last of them may be the process's word, which has no place in the order.
    for (std::size_t i = 0; i + 1 < entries->size(); ++i) require(*epoch > (*entries)[i].offset);
    control::FileLog reader(folder.path(), "p");
    const auto again = reader.read_to_end();
    require(again.ok());
    const auto written =
        std::find_if(again->begin(), again->end(), [&](const control::LogEntry& e) {
          return e.offset == *epoch && e.key == "p/m" && e.value == "value";
        });
    require(written != again->end());
  }

  std::string first;
  for (int start = 0; start < 2; ++start) {
    const auto id = ProcessId::kept_in(folder.path(), "p");
    require(id.ok() && id->text().size() == 36);
    require(start == 0 || id->text() == first);
    first = id->text();
  }
  return 0;
}
