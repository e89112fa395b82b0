#include "model/runtime/tensorflow/api.h"

#include <cstdlib>
#include <mutex>

#include "model/library.h"

namespace thalweg::tensorflow {
namespace {

LibrarySearch search(const std::string& folder) {
  LibrarySearch s;
  s.what = "TensorFlow";
  s.variable = "THALWEG_TENSORFLOW_DIR";
  s.setting = folder;
#ifdef THALWEG_DEFAULT_TENSORFLOW_DIR
  s.built_in = THALWEG_DEFAULT_TENSORFLOW_DIR;
#endif
  s.subfolders = {"", "lib", "tensorflow"};
  // The Python wheel's name, then that of the C library's own package.
  s.names = {"libtensorflow_cc.so.2", "libtensorflow.so.2", "libtensorflow.so"};
  s.cure =
      "get it with `pip install tensorflow-cpu` and set THALWEG_TENSORFLOW_DIR to the folder "
      "`tensorflow` in its "
      "site-packages (`pip show -f tensorflow-cpu` names it)";
  return s;
}

Result<const Api*> load(const std::string& folder) {
  // TensorFlow tells about processor features and its devices on stderr at every start: errors are enough. Set before the
  // library reads it, and only if nobody else did.
  setenv("TF_CPP_MIN_LOG_LEVEL", "2", 0);
  auto library = Library::open(search(folder), true);
  if (!library) return std::move(library).error();
  auto api = std::make_unique<Api>();
  Binder binder(*library);
#define THALWEG_TENSORFLOW_BIND(name) binder.bind(api->name, #name);
  THALWEG_TENSORFLOW_FUNCTIONS(THALWEG_TENSORFLOW_BIND)
#undef THALWEG_TENSORFLOW_BIND
  if (!binder.missing().empty()) {
    return Error(Code::runtime_missing, "expected TensorFlow 2.4 or newer in '" + library->path() +
                                            "'; it has no " + binder.missing().front() +
                                            "; get a newer one");
  }
  api->path = library->path();
  return static_cast<const Api*>(api.release());  // for good: tensors may outlive every model
}

}  // namespace

Result<const Api*> Api::get(const std::string& folder) {
  static std::mutex mutex;
  static const Api* loaded = nullptr;
  const std::lock_guard lock(mutex);
  if (loaded != nullptr) return loaded;
  auto api = load(folder);
  if (api.ok()) loaded = *api;
  return api;
}

}  // namespace thalweg::tensorflow
