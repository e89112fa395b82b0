#include "model/runtime/tensorflow/api.h"

#include <cstdlib>
#include <memory>

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
  s.oldest = "2.4";
  s.cure =
      "get it with `pip install tensorflow-cpu` and set THALWEG_TENSORFLOW_DIR to the folder "
      "`tensorflow` in its "
      "site-packages (`pip show -f tensorflow-cpu` names it)";
  return s;
}

Result<std::unique_ptr<Api>> load(const std::string& folder) {
  // TensorFlow tells about processor features and its devices on stderr at every start: errors are enough. Set before the
  // library reads it, and only if nobody else did.
  setenv("TF_CPP_MIN_LOG_LEVEL", "2", 0);
  return open_api<Api>(search(folder), true, [](Api& api, Binder& binder) {
#define THALWEG_TENSORFLOW_BIND(name) binder.bind(api.name, #name);
    THALWEG_TENSORFLOW_FUNCTIONS(THALWEG_TENSORFLOW_BIND)
#undef THALWEG_TENSORFLOW_BIND
  });
}

}  // namespace

Result<const Api*> Api::get(const std::string& folder) {
  return api_of_process<Api>(folder, load);
}

}  // namespace thalweg::tensorflow
