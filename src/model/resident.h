// Gives back memory that only starting needed.
//
// A library such as TensorFlow's is 800 MB of file. To open it and to load a model touches a third of that, to call the model a
// twentieth; what was touched stays resident. These pages are a file's, never written, so they can be let go of at any time, by any
// thread: what is needed again is mapped again from the page cache, in microseconds.
#pragma once

namespace thalweg {

// Call once models are loaded and warm. Lets go of the read-only parts of all shared libraries (code and constants), and of what
// the C library keeps of freed memory. Does nothing for code under a debugger, whose breakpoints are written into these pages.
void release_loading_memory();

}  // namespace thalweg
