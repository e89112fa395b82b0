#include "model/runtime/openvino/api.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "model/library.h"

namespace thalweg::openvino {
namespace {

LibrarySearch search(const std::string& folder) {
  LibrarySearch s;
  s.what = "OpenVINO";
  s.variable = "THALWEG_OPENVINO_DIR";
  s.setting = folder;
#ifdef THALWEG_DEFAULT_OPENVINO_DIR
  s.built_in = THALWEG_DEFAULT_OPENVINO_DIR;
#endif
  s.subfolders = {"", "libs", "lib", "openvino/libs", "runtime/lib/intel64"};
  s.names = {"libopenvino_c.so", "libopenvino_c.so.*"};
  s.oldest = "2025.0";
  s.cure =
      "get it with `pip install openvino` and set THALWEG_OPENVINO_DIR to the folder `openvino` in "
      "its site-packages "
      "(`pip show -f openvino` names it)";
  return s;
}

// The numbers of element types have changed between versions: a library that counts otherwise is refused instead of misread. The last
// of them, string, has a size no other type has.
bool element_types_agree(const Api& api) {
  std::int64_t dims[] = {3};
  ov_tensor* tensor = nullptr;
  if (api.ov_tensor_create(STRING, ov_shape_t{1, dims}, &tensor) != OK) return false;
  std::size_t bytes = 0;
  const bool sized = api.ov_tensor_get_byte_size(tensor, &bytes) == OK;
  api.ov_tensor_free(tensor);
  return sized && bytes == 3 * sizeof(std::string);
}

std::string version_of(const Api& api) {
  ov_version version{};
  if (api.ov_get_openvino_version(&version) != OK) return "an unknown version";
  std::string build = version.buildNumber;
  api.ov_version_free(&version);
  return build;
}

Result<std::unique_ptr<Api>> load(const std::string& folder) {
  const LibrarySearch where = search(folder);
  auto opened = open_api<Api>(where, false, [](Api& api, Binder& binder) {
#define THALWEG_OPENVINO_BIND(name) binder.bind(api.name, #name);
    THALWEG_OPENVINO_FUNCTIONS(THALWEG_OPENVINO_BIND)
#undef THALWEG_OPENVINO_BIND
  });
  if (!opened) return opened;
  Api& api = **opened;
  const std::string expected =
      "expected OpenVINO " + where.oldest + " or newer in '" + api.path + "'; ";
  if (!element_types_agree(api)) {
    return Error(Code::runtime_missing,
                 expected + "got " + version_of(api) +
                     ", whose element types are numbered otherwise; get another version");
  }
  if (const auto created = api.ov_core_create(&api.core); created != OK) {
    return Error(Code::runtime_missing, expected + "it does not start: " + api.reason(created) +
                                            "; are its plug-ins beside it?");
  }
  return opened;
}

}  // namespace

Result<const Api*> Api::get(const std::string& folder) {
  return api_of_process<Api>(folder, load);
}

namespace {

// OpenVINO says first where in its own source it was: "Exception from a.cpp:117: Check 'false' failed at b.cpp:84: …".
void drop_source_places(std::string& message) {
  for (const std::string_view start : {"Exception from ", "Exception from ", "Check '"}) {
    if (!message.starts_with(start)) continue;
    const std::size_t file = message.find(".cpp:");
    if (file == std::string::npos) return;
    const std::size_t end = message.find_first_not_of("0123456789", file + 5);
    if (end == std::string::npos || message[end] != ':') return;
    message.erase(0, message.find_first_not_of(": ", end));
  }
}

}  // namespace

std::string Api::reason(ov_status_e failed) const {
  constexpr std::size_t bytes_max = 600;
  // A parameter the C API refuses by itself leaves the message of an earlier failure behind.
  const char* text = failed == INVALID_C_PARAM ? nullptr : ov_get_last_err_msg();
  std::string message = text == nullptr || *text == '\0' ? ov_get_error_info(failed) : text;
  std::replace(message.begin(), message.end(), '\n', ' ');
  drop_source_places(message);
  if (const auto advice = message.find(" To facilitate the conversion");
      advice != std::string::npos)
    message.resize(advice);
  if (message.size() > bytes_max) message.replace(bytes_max, std::string::npos, "…");
  while (!message.empty() && message.back() == ' ') message.pop_back();
  return message;
}

Status Api::check(ov_status_e status) const {
  if (status == OK) return {};
  return Error(Code::model_failed, reason(status));
}

}  // namespace thalweg::openvino
