# Toolchain: GCC for Cortex-M with newlib (Debian: gcc-arm-none-eabi,
# libnewlib-arm-none-eabi).
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)

set(CMAKE_C_COMPILER arm-none-eabi-gcc)
# ar and ranlib that know the compiler's own objects (OTA_LTO)
find_program(CMAKE_AR arm-none-eabi-gcc-ar)
find_program(CMAKE_RANLIB arm-none-eabi-gcc-ranlib)
set(CMAKE_OBJCOPY arm-none-eabi-objcopy CACHE STRING "objcopy")
set(CMAKE_SIZE arm-none-eabi-size CACHE STRING "size")

# no startup files and no linker script yet: CMake's test program cannot link
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
