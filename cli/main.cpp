// The binary `thalweg`.
#include "cli/application.h"

int main(int argc, char** argv) {
  return thalweg::cli::run(argc, argv);
}
