// Gives back memory that only starting needed.
//
// A library such as TensorFlow's is 800 MB of file. To open it and to load a model touches a third of that, to call the model a
// twentieth; what was touched stays resident. These pages are a file's, never written, so they can be let go of at any time, by any
// thread: what is needed again is mapped again from the page cache, in microseconds.
#pragma once

namespace thalweg {

// Call once models are loaded and warm. Lets go of mapped files that may only be read and of which nobody has written a page (code
// and constants of libraries), and of what the C library keeps of freed memory. A mapping with a page of the process's own, such as
// one with a debugger's breakpoint in it, is left alone. Some milliseconds; blocks nobody else.
void release_loading_memory();

}  // namespace thalweg
