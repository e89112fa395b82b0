// What a user writes first: the umbrella header, and a word from the library.
#include <cstdio>

#if __has_include("thalweg/thalweg.h")
#include "thalweg/thalweg.h"
#endif
#include "thalweg/version.h"

int main() {
    std::printf("thalweg %s\n", thalweg::version);
    return 0;
}
