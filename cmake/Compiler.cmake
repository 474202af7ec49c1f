# ccache, the mold linker, warnings and sanitizers. Flags that dependents must not inherit live on stg_compile_options.
find_program(STG_CCACHE ccache)
if(STG_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${STG_CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${STG_CCACHE})
endif()

find_program(STG_MOLD mold)
if(STG_MOLD)
  # Segments of whole pages: mold 1.10 may otherwise begin the read-only part in a page that no segment maps (where code
  # ends just before a page and a thread-local section follows), and such a program does not start.
  add_link_options($<$<LINK_LANGUAGE:CXX>:-fuse-ld=mold> $<$<LINK_LANGUAGE:CXX>:-Wl,-z,separate-loadable-segments>)
endif()

add_library(stg_compile_options INTERFACE)
set(stg_cxx_warnings -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wno-unused-parameter
    -Wno-missing-field-initializers)  # designated initialisers leave the rest at their defaults on purpose
target_compile_options(stg_compile_options INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:${stg_cxx_warnings}>"
  "$<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${STG_WERROR}>>:-Werror>"
  # ccache needs this to treat precompiled headers as content.
  "$<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>")

if(STG_SANITIZE)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined> $<$<COMPILE_LANGUAGE:CXX>:-fno-omit-frame-pointer>)
  add_link_options(-fsanitize=address,undefined)
  # g++ 12 takes the sanitizers' own code in std::regex for uninitialised reads; builds without them keep the warning.
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
endif()
