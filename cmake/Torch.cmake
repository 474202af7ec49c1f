# LibTorch as two targets of ours, declared by hand: torch_cpu (always) and torch_cuda (when STG_CUDA is on).
# find_package(Torch) is the way for a user's own LibTorch; it cannot serve the unpacked wheel (it wants a whole toolkit).
set(stg_torch_root "${STG_TORCH_DIR}")
if(NOT stg_torch_root AND NOT Torch_DIR)
  # The folder of tools/setup.sh, unless a LibTorch is on CMAKE_PREFIX_PATH.
  find_package(Torch QUIET CONFIG PATHS ${CMAKE_PREFIX_PATH} NO_DEFAULT_PATH)
  if(NOT Torch_FOUND)
    set(cache_home "$ENV{XDG_CACHE_HOME}")
    if(NOT cache_home)
      set(cache_home "$ENV{HOME}/.cache")
    endif()
    file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/packages-pypi-cpu.txt pin REGEX "^torch==")
    string(REGEX MATCH "torch==([0-9.]+)" unused "${pin}")
    set(stg_torch_root "${cache_home}/stgmamba/libtorch-${CMAKE_MATCH_1}")
  endif()
endif()

# Imported, so that the installed package may name it and define it again where it is used.
add_library(stg_torch INTERFACE IMPORTED GLOBAL)
if(stg_torch_root)
  set(torch_lib "${stg_torch_root}/torch/lib")
  if(NOT EXISTS "${torch_lib}/libtorch_cpu.so")
    message(FATAL_ERROR "No LibTorch in ${stg_torch_root}: run 'bash tools/setup.sh', or point CMAKE_PREFIX_PATH to yours.")
  endif()
  target_include_directories(stg_torch SYSTEM INTERFACE
    "${stg_torch_root}/torch/include" "${stg_torch_root}/torch/include/torch/csrc/api/include")
  target_link_libraries(stg_torch INTERFACE "${torch_lib}/libtorch_cpu.so" "${torch_lib}/libc10.so")
  target_link_options(stg_torch INTERFACE "-Wl,-rpath,${torch_lib}")
  # The wheel's own OpenMP runtime, named so that at::parallel_for in our files runs on LibTorch's threads: a second runtime
  # in the process would spin against the first.
  if(EXISTS "${torch_lib}/libgomp.so.1")
    target_link_libraries(stg_torch INTERFACE "${torch_lib}/libgomp.so.1")
  endif()
  file(READ "${stg_torch_root}/torch/version.py" version_text)
  string(REGEX MATCH "__version__ = '([^']+)'" unused "${version_text}")
  set(STG_TORCH_VERSION "${CMAKE_MATCH_1}")
else()
  find_package(Torch REQUIRED CONFIG)
  target_include_directories(stg_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  target_link_libraries(stg_torch INTERFACE ${TORCH_LIBRARIES} ${OpenMP_CXX_LIBRARIES})
  set(STG_TORCH_VERSION "${Torch_VERSION}")
endif()

# LibTorch ships headers of its own fmt, another version than the libfmt that we and spdlog link. Ours must be found first,
# and /usr/include cannot be put first itself.
find_path(STG_FMT_INCLUDE fmt/format.h PATHS /usr/include NO_CMAKE_PATH REQUIRED)
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/fmt_first")
file(CREATE_LINK "${STG_FMT_INCLUDE}/fmt" "${CMAKE_BINARY_DIR}/fmt_first/fmt" SYMBOLIC)
target_include_directories(stg_torch SYSTEM BEFORE INTERFACE "${CMAKE_BINARY_DIR}/fmt_first")

# STG_CUDA=AUTO: on where a driver or a compiler is found and the CUDA wheels (or a toolkit) are at hand.
set(stg_cuda_root "${stg_torch_root}/nvidia/cu13")
find_program(STG_NVCC nvcc HINTS "${stg_cuda_root}/bin" NO_CMAKE_FIND_ROOT_PATH)
if(EXISTS "${stg_cuda_root}/bin/nvcc")
  set(STG_NVCC "${stg_cuda_root}/bin/nvcc")
endif()
set(STG_HAVE_CUDA OFF)
if(STG_CUDA STREQUAL "ON" OR (STG_CUDA STREQUAL "AUTO" AND STG_NVCC AND EXISTS "${torch_lib}/libtorch_cuda.so"
                              AND EXISTS "${stg_cuda_root}/lib/libcublas.so.13"))
  set(STG_HAVE_CUDA ON)
endif()
if(STG_CUDA STREQUAL "ON" AND NOT STG_NVCC)
  message(FATAL_ERROR "STG_CUDA=ON but no nvcc: run 'STG_CUDA=ON bash tools/setup.sh' or install the CUDA toolkit.")
endif()

if(STG_HAVE_CUDA)
  set(CMAKE_CUDA_COMPILER "${STG_NVCC}")
  set(CMAKE_CUDA_ARCHITECTURES "${STG_CUDA_ARCHITECTURES}")
  enable_language(CUDA)
  # CMake 3.25 does not know nvcc's C++20 flag.
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA_STANDARD_LATEST 20)
  set(CMAKE_CUDA_STANDARD 20)
  if(stg_torch_root AND EXISTS "${stg_cuda_root}/include/cuda_runtime_api.h")
    set(cuda_include "${stg_cuda_root}/include")
    set(cudart "${stg_cuda_root}/lib/libcudart.so.13")
    target_include_directories(stg_torch SYSTEM INTERFACE "${cuda_include}")
    # as-needed is the distribution's default and would drop the library that only registers itself.
    target_link_options(stg_torch INTERFACE
      "-Wl,--no-as-needed,${torch_lib}/libtorch_cuda.so,${torch_lib}/libc10_cuda.so,--as-needed"
      "-Wl,-rpath-link,${stg_cuda_root}/lib")
    target_link_libraries(stg_torch INTERFACE "${cudart}")
  endif()
  # The runtime alone, for the torch-free kernels.
  add_library(stg_cudart INTERFACE IMPORTED GLOBAL)
  if(cudart)
    target_include_directories(stg_cudart SYSTEM INTERFACE "${cuda_include}")
    target_link_libraries(stg_cudart INTERFACE "${cudart}")
    target_link_options(stg_cudart INTERFACE "-Wl,-rpath,${stg_cuda_root}/lib")
  else()
    find_package(CUDAToolkit REQUIRED)
    target_link_libraries(stg_cudart INTERFACE CUDA::cudart)
  endif()
  target_compile_definitions(stg_torch INTERFACE STG_HAVE_CUDA=1)
endif()
message(STATUS "LibTorch ${STG_TORCH_VERSION}, CUDA ${STG_HAVE_CUDA}")
