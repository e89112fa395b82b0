// The binary `thalweg`.
#include <csignal>

#include "cli/application.h"
#include "model/left_behind.h"

int main(int argc, char** argv) {
  // A file that may not grow (`ulimit -f`) is an error of its write, as a full disk is: from the first line of the log on, for every command.
  std::signal(SIGXFSZ, SIG_IGN);
  const int code = thalweg::cli::run(argc, argv);
  thalweg::end_if_any_left_behind(code);
  return code;
}
