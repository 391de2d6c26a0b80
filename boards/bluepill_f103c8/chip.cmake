# What the build must know of the board's chip: STM32F103C8.
set(OTA_PORT f1)   # folder of port/stm32
set(OTA_CHIP f103) # its vectors_<chip>.c
set(OTA_CORE cortex-m3)
set(OTA_CRC_UNIT ON) # port/stm32/crc32.c drives it
